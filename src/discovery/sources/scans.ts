/**
 * What a scanner for vulnerabilities has left in a file, counted, beside what a source sees of the machine itself. Scanning is somebody else's work; and a report that
 * cannot be read, or is too old to say how things are, is a machine that nobody looked at, and never one without vulnerabilities.
 */
import type { Coverage } from "#events/source.js"
import { type Clock, type Instant, epochMs } from "#kernel/clock.js"
import type { JsonObject } from "#kernel/json.js"
import { grouped } from "../coverage.js"
import { foreignText } from "../facts/foreign.js"
import type { Look, Observation, Source } from "../observation.js"
import type { Scan } from "./scans/counts.js"
import { debsecanScan } from "./scans/debsecan.js"
import { grypeScan } from "./scans/grype.js"
import { type ScanFile, Unusable, scanFile } from "./scans/read.js"
import { trivyScan } from "./scans/trivy.js"

export interface ScanOptions {
  readonly kind: keyof typeof readers
  readonly file: string
  /** The machine that was scanned, as the source calls it. */
  readonly target: string
  /** Milliseconds after which it does not count any more. */
  readonly maxAge: number
}

const readers = { trivy: trivyScan, grype: grypeScan, debsecan: debsecanScan } as const

/** How far the clock of whoever scanned may be ahead. */
const aheadMs = 5 * 60_000

/** The same source, which tells of these scans too, where it looked at the machine. */
export function withScans(source: Source, scans: readonly ScanOptions[], clock: Clock): Source {
  const files = scans.map((options) => ({ ...options, read: scanFile(options.file, readers[options.kind]) }))
  return {
    ...source,
    async look(signal, progress) {
      const look = await source.look(signal, progress)
      let told = look
      for (const scan of files) {
        if (!look.observations.some((seen) => isMachine(seen, scan.target))) continue
        told = withScan(told, scan, await resultOf(scan.read, scan.maxAge, clock.now(), signal))
      }
      return told
    },
  }
}

function isMachine({ kind, nativeKey }: Observation, target: string): boolean {
  return kind === "target" && nativeKey === target
}

type Result = { readonly seen: JsonObject } | { readonly why: string }

async function resultOf(read: ScanFile, maxAge: number, now: Instant, signal: AbortSignal): Promise<Result> {
  try {
    const { scan, changedAt } = await read(signal)
    const at = scan.at ?? changedAt
    const age = epochMs(now) - epochMs(at)
    if (age > maxAge) return { why: `the scan is of ${at}, which is too long ago` }
    if (age < -aheadMs) return { why: `the scan is of ${at}, which is yet to come` }
    return { seen: seenIn(scan, at) }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Unusable)) throw error
    return { why: foreignText(error.message) }
  }
}

function seenIn({ counts }: Scan, at: Instant): JsonObject {
  return { ...counts, scannedAt: Math.floor(epochMs(at) / 1_000) }
}

/** The look with what one scan says, or why it says nothing. */
function withScan(look: Look, { kind, target }: ScanOptions, result: Result): Look {
  if ("why" in result) {
    const path = `/security/vulnerabilities/${kind}`
    return { ...look, coverage: withReach(look, target, { notLooked: { [path]: result.why }, looked: {} }) }
  }
  const observations = look.observations.map((seen) =>
    isMachine(seen, target) ? { ...seen, facets: withCounts(seen.facets, kind, result.seen) } : seen,
  )
  return { ...look, observations, coverage: withReach(look, target, { notLooked: {}, looked: { security: true } }) }
}

function withCounts(facets: Observation["facets"], kind: string, counts: JsonObject): Observation["facets"] {
  const security = facets["security"] ?? {}
  const others = (security["vulnerabilities"] ?? {}) as JsonObject
  return { ...facets, security: { ...security, vulnerabilities: { ...others, [kind]: counts } } }
}

type Reach = Pick<Coverage, "looked" | "notLooked">

/** Of a source with one machine that is said of all there is; else of that machine, beside what was said of it. */
function withReach({ coverage, observations }: Look, target: string, more: Reach): Coverage {
  const joined = ({ looked, notLooked }: Reach): Reach => ({
    looked: { ...looked, ...more.looked },
    notLooked: { ...notLooked, ...more.notLooked },
  })
  const { rights, targets = [], complete } = coverage
  if (targets.length === 0 && observations.filter(({ kind }) => kind === "target").length === 1)
    return { ...coverage, ...joined(coverage) }
  const each = new Map(targets.flatMap(({ targets: names, ...group }) => names.map((name) => [name, group] as const)))
  const { target: _, ...onTarget } = complete
  const own = each.get(target) ?? { rights, looked: coverage.looked, notLooked: coverage.notLooked, complete: onTarget }
  each.set(target, { ...own, ...joined(own) })
  return { ...coverage, targets: grouped(each) }
}
