/** Running a program on this machine, by the same script as on a host elsewhere. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { FleetError } from "#kernel/errors.js"
import type { Ran } from "../../observation.js"
import { running } from "../ssh/ran.js"

export async function runHere(argv: readonly string[], seconds: number, signal: AbortSignal): Promise<Ran> {
  signal.throwIfAborted()
  const { script, understand } = running(argv, seconds)
  const shell = spawn("sh", ["-s"], { signal, killSignal: "SIGKILL", stdio: ["pipe", "pipe", "ignore"] })
  let said = ""
  shell.stdout.setEncoding("utf8").on("data", (text: string) => (said += text))
  // It may be gone before it has read the program.
  shell.stdin.on("error", () => {})
  shell.stdin.end(script)
  await once(shell, "close").catch((error: unknown) => {
    signal.throwIfAborted()
    throw new FleetError("SourceUnavailable", "this machine runs no shell", { cause: error })
  })
  const ran = understand(said)
  if (ran === undefined)
    throw new FleetError("SourceUnavailable", "the shell of this machine does not say what became of it")
  return ran
}
