/** Whether a program that was run somewhere ended as it should. */
import type { CommandCheck } from "#config/checks.js"
import type { Ran } from "#discovery/observation.js"
import { type Outcome, failing, passing } from "./outcome.js"

/** By SIGKILL, which is also what its time is over by; or timeout(1) says that it is. */
const killed = new Set([124, 137])

export function judgeCommand({ exit, said }: Ran, expect: CommandCheck["expect"], seconds: number): Outcome {
  if (expect.exit.includes(exit)) return passing
  if (killed.has(exit)) return failing(`it was killed, or did not end within ${seconds} s`)
  const [line] = said
  return failing(`it ends with ${exit}${line === undefined ? "" : `: ${line}`}`)
}
