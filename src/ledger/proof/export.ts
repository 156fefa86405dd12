/**
 * A ledger, or a range of it, as lines of JSON that prove themselves: CloudEvents 1.0, the first saying what follows, the last with what leads to a signed
 * checkpoint. `head` is the envelope's canonical text, byte for byte as it was hashed; `data`, as canonical JSON again, is the payload's.
 */
import { FleetError } from "#kernel/errors.js"
import type { Json, JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { EnvelopeHead } from "../leaf.js"
import type { Ledger, StoredEvent } from "../port.js"
import { parseCheckpoint } from "./checkpoint.js"
import { cover } from "./tree.js"

export const exportFormat = 1
export const exportBegan = "fleet-ledger.export.began"
export const exportEnded = "fleet-ledger.export.ended"

const pageSize = 1_000

/** A line of an export. */
interface ExportLine {
  readonly [attribute: string]: Json
  readonly position: number
}

/**
 * @param from first position @param to last position, within the checkpoint
 * @param note the signed checkpoint that the range is proved against
 * @throws FleetError `InvalidInput`
 */
export async function* exportLines(
  ledger: Ledger,
  { from, to, note }: { readonly from: number; readonly to: number; readonly note: string },
  signal: AbortSignal,
): AsyncGenerator<ExportLine> {
  const { origin, size } = parseCheckpoint(note).checkpoint
  if (from > to || to >= size) {
    throw new FleetError(
      "InvalidInput",
      `positions ${from} to ${to} are no range of the ${size} events that the checkpoint vouches for`,
    )
  }
  const about = { specversion: "1.0", source: `urn:${origin.replace("/", ":")}`, datacontenttype: "application/json" }
  const hashes = async (begin: number, end: number) =>
    (await ledger.nodes(cover(begin, end))).map((hash) => Buffer.from(hash).toString("base64"))
  yield {
    ...about,
    id: `${from}-${to}-of-${size}`,
    type: exportBegan,
    position: from,
    data: { format: exportFormat, origin, from, to, size, left: await hashes(0, from) },
  }
  for (let after = from - 1; after < to;) {
    signal.throwIfAborted()
    const page = await ledger.readStored({ after: after as Position, upTo: to as Position, limit: pageSize })
    for (const event of page) yield { ...about, ...lineOf(event) }
    after = page.at(-1)?.position ?? to
  }
  yield {
    ...about,
    id: `${from}-${to}-of-${size}-ended`,
    type: exportEnded,
    position: to,
    data: { right: await hashes(to + 1, size), checkpoint: note },
  }
}

function lineOf({ position, head, data, seal, leaf }: StoredEvent): ExportLine {
  const { id, type, stream, recordedAt } = JSON.parse(head) as EnvelopeHead
  return {
    id,
    type,
    subject: stream,
    time: recordedAt,
    position,
    data: JSON.parse(data) as JsonObject,
    head,
    ...("salt" in seal
      ? { salt: Buffer.from(seal.salt).toString("base64") }
      : { datahash: Buffer.from(seal.dataHash).toString("base64") }),
    leaf: Buffer.from(leaf).toString("base64"),
  }
}
