/** Looks that collectors send, taken one after the other: each goes through what every look goes through, under a name that only its collector can write to. */
import { promisify } from "node:util"
import * as zlib from "node:zlib"
import type { Discovery } from "#discovery/discovery.js"
import type { Source } from "#discovery/observation.js"
import type { RunReport } from "#discovery/run.js"
import { FleetError, isErrorCode, messageOf } from "#kernel/errors.js"
import type { Collected } from "#ops/collected.js"
import { type Envelope, sha256 } from "./envelope.js"
import { type Sent, lookOf, sent } from "./wire.js"

const gunzip = promisify(zlib.gunzip)
/** Of a look, unpacked. */
const largest = 256 * 2 ** 20

export interface IntakePorts {
  readonly discovery: Discovery
  readonly collected: Collected
}

export interface Taken {
  readonly sequence: number
  /** Whether it had come before: nothing was done again. */
  readonly already: boolean
  readonly run: RunReport | null
}

export type Intake = (about: Envelope, body: Buffer, signal: AbortSignal) => Promise<Taken>

/** The records' source here, which no configured source can be called. */
export function collectedSource(collector: string, source: string): string {
  return `${collector}.${source}`
}

export function intake({ discovery, collected }: IntakePorts): Intake {
  const turns = new Map<string, Promise<unknown>>()

  const take = async (about: Envelope, body: Buffer, signal: AbortSignal): Promise<Taken> => {
    const { collector, sequence } = about
    const last = await collected.last(collector)
    if (last !== undefined && sequence < last.sequence) {
      throw new FleetError("InvalidInput", `look ${sequence} comes after ${last.sequence} was taken`)
    }
    if (sequence === last?.sequence) {
      if (last.sha256 === about.sha256) return { sequence, already: true, run: null }
      throw new FleetError("InvalidInput", `look ${sequence} came before, and was another`)
    }
    const run = await discovery.look(sourceOf(collector, await understood(body)), {
      actor: `collector:${collector}`,
      signal,
    })
    await collected.keep(collector, { sequence, sha256: about.sha256 })
    return { sequence, already: false, run }
  }

  return (about, body, signal) => {
    if (body.length !== about.bytes || sha256(body) !== about.sha256)
      throw new FleetError("InvalidInput", "what came is not what was signed")
    const mine = (turns.get(about.collector) ?? Promise.resolve()).then(() => take(about, body, signal))
    turns.set(
      about.collector,
      mine.catch(() => undefined),
    )
    return mine
  }
}

/** @throws FleetError `InvalidInput` */
async function understood(body: Buffer): Promise<Sent> {
  let value: unknown
  try {
    value = JSON.parse((await gunzip(body, { maxOutputLength: largest })).toString("utf8"))
  } catch (error) {
    throw new FleetError("InvalidInput", `the look cannot be unpacked: ${messageOf(error)}`)
  }
  const result = sent.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new FleetError("InvalidInput", `the look is wrong at /${issue?.path.map(String).join("/")}: ${issue?.message}`)
}

function sourceOf(collector: string, { source, tellsApart, result }: Sent): Source {
  const own = {
    name: collectedSource(collector, source),
    kind: "collector",
    ...(tellsApart && { tellsApart: true as const }),
  }
  if (result.is === "failed") {
    const { code, message } = result
    const look = () => Promise.reject(new FleetError(isErrorCode(code) ? code : "SourceUnavailable", message))
    return { ...own, look }
  }
  const { missing } = result
  const look = async () => lookOf(result)
  if (missing === null) return { ...own, look }
  const [asked, why] = [new Set(missing.asked), new Map(missing.why)]
  const reasonOf = (key: string) => why.get(key) ?? (asked.has(key) ? undefined : "its collector does not know of it")
  return {
    ...own,
    look,
    whyUnseen: async (keys) =>
      new Map(
        keys.flatMap((key): [string, string][] => (reasonOf(key) === undefined ? [] : [[key, reasonOf(key) ?? ""]])),
      ),
  }
}
