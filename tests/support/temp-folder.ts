/** A folder of its own for the running test, or for all of a file; it is gone when they are. */
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { whenFinished } from "./when-finished.js"

export async function tempFolder(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "fleet-ledger-test-"))
  whenFinished(() => fs.rm(folder, { recursive: true, force: true }))
  return folder
}
