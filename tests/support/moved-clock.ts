/** The wall clock of a program of its own, moved while it runs by libfaketime; what measures how long something takes goes on as it is. */
import * as fs from "node:fs"
import * as path from "node:path"
import { writeWhole } from "./write-whole.js"

const library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
  .map((folder) => path.join(folder, "faketime/libfaketimeMT.so.1"))
  .find((file) => fs.existsSync(file))

export const clocksCanBeMoved = library !== undefined

export interface MovedClock {
  /** What the program is started with. */
  readonly env: Readonly<Record<string, string>>
  /** So many days from what this machine's clock says. */
  readonly set: (days: number) => void
}

export function movedClock(folder: string): MovedClock {
  const file = path.join(folder, "clock")
  // It is read at every look at the clock.
  const set = (days: number) => writeWhole(file, `${days < 0 ? "" : "+"}${days}d\n`)
  set(0)
  const how = { FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" }
  return { env: { LD_PRELOAD: library ?? "", ...how }, set }
}
