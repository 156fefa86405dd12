/** A real disk that is quickly full: a tmpfs of a few MiB. Mounting takes root. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { onTestFinished } from "vitest"
import { tempFolder } from "./temp-folder.js"

export function canMount(): boolean {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fleet-ledger-mount-"))
  try {
    mount(folder, 1)
    unmount(folder)
    return true
  } catch {
    return false
  } finally {
    fs.rmdirSync(folder)
  }
}

/** The folder it is mounted on, until the test ends. */
export async function smallDisk(mebibytes: number): Promise<string> {
  const folder = await tempFolder()
  mount(folder, mebibytes)
  onTestFinished(() => unmount(folder))
  return folder
}

function mount(folder: string, mebibytes: number): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder], { stdio: "ignore" })
}

/** Lazily: what a failed test still holds open must not keep the mount. */
function unmount(folder: string): void {
  execFileSync("umount", ["--lazy", folder], { stdio: "ignore" })
}
