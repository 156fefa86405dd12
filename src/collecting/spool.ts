/** Looks that the server has not taken yet: files in the order in which they were made, each complete or not there. */
import * as fs from "node:fs"
import * as path from "node:path"
import { FleetError } from "#kernel/errors.js"
import { writeDurably } from "#kernel/write-durably.js"

export interface Spooled {
  readonly sequence: number
  readonly body: Buffer
}

export interface Spool {
  /** @throws FleetError `StoreUnavailable` when there is no more room for it */
  put(body: Buffer): void
  /** The oldest, undefined when all were taken. */
  first(): Spooled | undefined
  /** It was taken. */
  drop(sequence: number): void
  /** It is refused for good: kept aside, for a person to look at. */
  setAside(sequence: number): void
  readonly count: () => number
}

/** Bytes of all that wait. */
const roomBytes = 2 ** 30

/** @param now ms since the epoch: what numbers begin at, so that they go on growing if the folder is lost */
export function openSpool(folder: string, now: () => number, room: number = roomBytes): Spool {
  const aside = path.join(folder, "refused")
  fs.mkdirSync(aside, { recursive: true, mode: 0o700 })
  for (const name of fs.readdirSync(folder)) if (name.endsWith(".new")) fs.rmSync(path.join(folder, name))
  let waiting = fs
    .readdirSync(folder)
    .flatMap((name) => (/^\d{16}$/.test(name) ? [Number(name)] : []))
    .toSorted((a, b) => a - b)
  const lastFile = path.join(folder, "last")
  let last = Math.max(waiting.at(-1) ?? 0, fs.existsSync(lastFile) ? Number(fs.readFileSync(lastFile, "utf8")) || 0 : 0)
  const fileOf = (sequence: number) => path.join(folder, String(sequence).padStart(16, "0"))
  const sizeOf = (sequence: number) => fs.statSync(fileOf(sequence)).size
  let bytes = waiting.reduce((sum, sequence) => sum + sizeOf(sequence), 0)
  const forget = (sequence: number) => {
    bytes -= sizeOf(sequence)
    waiting = waiting.filter((one) => one !== sequence)
  }

  return {
    put(body) {
      if (bytes + body.length > room) {
        throw new FleetError(
          "StoreUnavailable",
          `${waiting.length} looks wait for the server, and there is room for ${Math.round(room / 2 ** 20)} MiB of them; nothing is looked at until it takes some`,
        )
      }
      last = Math.max(last + 1, now())
      writeDurably(lastFile, String(last))
      writeDurably(fileOf(last), body)
      bytes += body.length
      waiting.push(last)
    },
    first() {
      const [sequence] = waiting
      return sequence === undefined ? undefined : { sequence, body: fs.readFileSync(fileOf(sequence)) }
    },
    drop(sequence) {
      forget(sequence)
      fs.rmSync(fileOf(sequence))
    },
    setAside(sequence) {
      forget(sequence)
      fs.renameSync(fileOf(sequence), path.join(aside, String(sequence)))
    },
    count: () => waiting.length,
  }
}
