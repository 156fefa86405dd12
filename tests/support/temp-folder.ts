/** A folder of its own for the running test, or for all of a file; it is gone when they are. */
import * as fs from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { whenFinished } from "./when-finished.js"

export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(place, "fleet-ledger-test-"))
  whenFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** In memory, where there is room for all: how long a disk takes to keep something is not what is tried, and is half of the time. */
const place = hasRoom("/dev/shm") ? "/dev/shm" : os.tmpdir()

function hasRoom(folder: string): boolean {
  try {
    const mounts = fs.readFileSync("/proc/self/mounts", "utf8").split("\n")
    const options =
      mounts
        .findLast((mount) => mount.startsWith(`tmpfs ${folder} `))
        ?.split(" ")[3]
        ?.split(",") ?? []
    const { bavail, bsize } = fs.statfsSync(folder)
    return options.includes("rw") && !options.includes("noexec") && bavail * bsize > 4e9
  } catch {
    return false
  }
}
