/**
 * Tests on real parts (a daemon, a mount, a server) run where the part is there. Where it is not they are skipped, saying so in one line,
 * and where FLEET_LEDGER_REQUIRE_REAL=1 says that all parts must be there, its absence is a failure.
 */
import * as fs from "node:fs"
import * as path from "node:path"

/** @returns whether the part is there, to be given to `describe.runIf` or `it.runIf`. By default a part is a program on the path. */
export function needs(part: string, isThere: boolean = onPath(part)): boolean {
  if (isThere) return true
  if (process.env["FLEET_LEDGER_REQUIRE_REAL"] === "1") {
    throw new Error(`${part} is not here, and FLEET_LEDGER_REQUIRE_REAL=1 asks for it`)
  }
  process.stderr.write(`skipped: tests that need ${part}, which is not here\n`)
  return false
}

/** Daemons live in sbin, which a user's path often leaves out. */
function onPath(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"]
  return folders.some((folder) => folder !== "" && isExecutable(path.join(folder, program)))
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}
