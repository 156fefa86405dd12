/** A folder of its own for the running test; it is gone when the test is. */
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { onTestFinished } from "vitest"

export async function tempFolder(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "fleet-ledger-test-"))
  onTestFinished(() => fs.rm(folder, { recursive: true, force: true }))
  return folder
}
