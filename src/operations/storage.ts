/** What takes how much room on the disk. */
import * as fs from "node:fs"
import * as z from "zod"
import type { Fleet } from "#fleet.js"

const perEvent = z.number().nullable().describe("Null without an event")

export const storage = z.object({
  ledger: z.object({ bytes: z.int(), events: z.int().describe("Those that are not in archives") }),
  archives: z.object({
    bytes: z.int().describe("Of those that are here"),
    files: z.int(),
    elsewhere: z.int().describe("Archives that are not here"),
    events: z.int(),
    bytesPerEvent: perEvent,
  }),
  views: z.object({ bytes: z.int() }),
  ops: z.object({ bytes: z.int() }),
  bytes: z.int().describe("All of it"),
  bytesPerEvent: perEvent.describe("Of the ledger and its archives, with indexes and proofs"),
})

export async function storageOf({ ledger, folder, config }: Fleet): Promise<z.output<typeof storage>> {
  const { position } = await ledger.head()
  const ranges = await ledger.archives.list()
  const archived = (ranges.at(-1)?.last ?? -1) + 1
  const here = ranges.filter(({ isHere }) => isHere)
  const sum = here.reduce((total, { bytes }) => total + bytes, 0)
  const all = ranges.reduce((total, { bytes }) => total + bytes, 0)
  const kept = sizeOf(config.ledger.engine === "sqlite" ? folder.ledger : folder.copy)
  const [views, ops] = [sizeOf(folder.views), sizeOf(folder.ops)]
  return {
    ledger: { bytes: kept, events: position + 1 - archived },
    archives: {
      bytes: sum,
      files: here.length,
      elsewhere: ranges.length - here.length,
      events: archived,
      bytesPerEvent: each(all, archived),
    },
    views: { bytes: views },
    ops: { bytes: ops },
    bytes: kept + sum + views + ops,
    bytesPerEvent: each(kept + all, position + 1),
  }
}

function each(bytes: number, events: number): number | null {
  return events === 0 ? null : Math.round((bytes / events) * 10) / 10
}

/** Bytes of a store with its write-ahead log. */
export function sizeOf(file: string): number {
  return [file, `${file}-wal`].reduce((sum, part) => sum + (fs.statSync(part, { throwIfNoEntry: false })?.size ?? 0), 0)
}
