/**
 * Evidence of a period for auditors, in one archive: how the fleet was at both ends, what was judged of it there, every event in between with what proves it, what discovery
 * covered, who had access; and a manifest with the hash of each part, signed with the ledger's key. `ledger/proof/verify-export.ts` checks it offline.
 */
import * as crypto from "node:crypto"
import { FleetError } from "#kernel/errors.js"
import type { Point, Position } from "#kernel/point.js"
import { tarEnd, tarFile } from "#kernel/tar.js"
import { jsonLines } from "#inventory/json.js"
import { parseCheckpoint } from "#ledger/proof/checkpoint.js"
import { exportLines } from "#ledger/proof/export.js"
import type { Ledger } from "#ledger/port.js"
import { weekBefore } from "#timeline/period.js"
import type { AskedOfPeriod } from "./asked.js"
import { formats } from "./formats.js"
import { type ReportKind, reportOf } from "./kinds.js"

export interface AskedEvidence extends Omit<AskedOfPeriod, "most"> {
  readonly ledger: Ledger
  /** The signed checkpoint that the events are proved against. */
  readonly note: string
  /** Signs the manifest with the key in force. */
  readonly sign: (text: string) => Promise<string>
}

interface Part {
  readonly name: string
  readonly text: string
}

const ofEnds: readonly ReportKind[] = ["health", "security", "drift"]
const ofPeriod: readonly ReportKind[] = ["changes", "coverage", "access"]
/** Of tables; a pack is read by programs, too. */
const most = 1_000
/** Characters of a part that is one of several: as much is held in memory at a time. */
const longest = 4_000_000

/**
 * Pieces of the archive (tar), in UTF-8.
 * @throws FleetError `InvalidInput` where nothing was recorded in the period
 */
export async function* evidence(asked: AskedEvidence): AsyncGenerator<string> {
  const { begin, point } = asked
  const { origin } = parseCheckpoint(asked.note).checkpoint
  const said = [
    "fleet-ledger evidence",
    origin,
    `from ${begin.position} ${begin.time}`,
    `to ${point.position} ${point.time}`,
  ]
  for await (const { name, text } of parts(asked, origin)) {
    said.push(`${crypto.createHash("sha256").update(text).digest("hex")}  ${name}`)
    yield tarFile(name, text, point.time)
  }
  yield tarFile("manifest.txt", await asked.sign(`${said.join("\n")}\n`), point.time)
  yield tarEnd
}

async function* parts(asked: AskedEvidence, origin: string): AsyncGenerator<Part> {
  const { begin, point, note } = asked
  yield { name: "README.txt", text: readme(asked, origin) }
  yield* atEnd(asked, "from", begin)
  yield* atEnd(asked, "to", point)
  for (const kind of ofPeriod) yield* reportsOf(asked, kind, kind, point, begin)
  yield { name: "checkpoint.note", text: note }
  yield { name: "rotations.ndjson", text: await rotations(asked.ledger) }
  yield* inParts("events", events(asked))
}

async function* atEnd(asked: AskedEvidence, folder: "from" | "to", end: Point): AsyncGenerator<Part> {
  const { line, signal } = asked
  yield* inParts(
    `${folder}/inventory`,
    jsonLines({ views: line.views, at: end.position, conditions: new Map(), signal }),
  )
  const begin = folder === "to" ? asked.begin : await weekBefore(line, end)
  for (const kind of ofEnds) yield* reportsOf(asked, kind, `${folder}/${kind}`, end, begin)
}

async function* reportsOf(
  { line, signal }: AskedEvidence,
  kind: ReportKind,
  name: string,
  point: Point,
  begin: Point,
): AsyncGenerator<Part> {
  const report = await reportOf(kind, { line, point, most, signal }, async () => begin)
  for (const format of ["json", "html"] as const)
    yield { name: `${name}.${format}`, text: [...formats[format].write(report)].join("") }
}

/** Every change of the key that signs, wherever in the ledger: so whoever has an older one can go on from it. */
async function rotations(ledger: Ledger): Promise<string> {
  let text = ""
  for (let after = -1 as Position; ;) {
    const found = await ledger.readAll({ after, types: ["SigningKeyRotated"], limit: 100 })
    for (const event of found) {
      if (event.type === "SigningKeyRotated")
        text += `${JSON.stringify({ position: event.position, note: event.data.note })}\n`
      after = event.position
    }
    if (found.length < 100) return text
  }
}

async function* events({ ledger, begin, point, note, signal }: AskedEvidence): AsyncGenerator<string> {
  for await (const line of exportLines(ledger, { from: begin.position + 1, to: point.position, note }, signal))
    yield `${JSON.stringify(line)}\n`
}

/** Lines in files that are numbered from 1; one at least. */
async function* inParts(name: string, lines: AsyncIterable<string>): AsyncGenerator<Part> {
  let [text, number] = ["", 0]
  const next = (): Part => ({ name: `${name}-${String(++number).padStart(5, "0")}.ndjson`, text })
  for await (const line of lines) {
    text += line
    if (text.length < longest) continue
    yield next()
    text = ""
  }
  if (text !== "" || number === 0) yield next()
}

/** @throws FleetError `InvalidInput` */
export function mustHold({ position: first }: Point, { position: last }: Point): void {
  if (first < last) return
  throw new FleetError("InvalidInput", "nothing was recorded in that period, so there is nothing to prove")
}

function readme({ begin, point }: AskedEvidence, origin: string): string {
  return `Evidence of the ledger ${origin}
from ${begin.time} (position ${begin.position}) to ${point.time} (position ${point.position})

from/, to/         the inventory at both ends, and what was judged of it there: health, findings of security, drift
changes, coverage  what differs between the ends, and what discovery saw and what not
access             who exported, administered and was refused
events-*.ndjson    every event of the period, as CloudEvents, each with what leads to a signed checkpoint
checkpoint.note    that checkpoint
rotations.ndjson   every change of the key that signs
manifest.txt       the SHA-256 of each part, signed

Check it with the key and a checkpoint that you kept elsewhere ("fleet-ledger proof key", "fleet-ledger proof checkpoint"), by the one file that comes
with the program and needs nothing but Node.js:

    node verify-export.js evidence.tar --key KEY.txt --checkpoint KEPT.note

It names the first thing that is wrong. The events are proved by the ledger's Merkle tree (RFC 6962); of the rest, the signature says that it is what this
ledger told.
`
}
