/** Files that are there as a whole, or as they were before: whatever happens in between. */
import * as fs from "node:fs"

/** For the owner alone, and on the disk before it has its name. */
export function writeDurably(file: string, content: string | Uint8Array): void {
  const beside = `${file}.new`
  const descriptor = fs.openSync(beside, "w", 0o600)
  try {
    fs.writeFileSync(descriptor, content)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  fs.renameSync(beside, file)
}
