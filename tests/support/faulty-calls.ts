/** What a running program asks of the system goes wrong for a while, or takes its time: strace answers in the system's place. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { needs } from "./real-parts.js"

/** Whether a program that runs can be taken hold of. */
export function callsCanBeFaulty(): boolean {
  const probe = spawnSync("strace", ["-o", "/dev/null", "sh", "-c", "exit 7"])
  return needs("root with strace", process.geteuid?.() === 0 && probe.status === 7)
}

/**
 * While `work` goes on.
 *
 * @param calls of the system, like `fsync,fdatasync`
 * @param how as strace writes it: `error=EIO`, `delay_enter=200000` (microseconds)
 */
export async function whileFaulty<T>(
  { pid }: ChildProcess,
  calls: string,
  how: string,
  work: () => Promise<T>,
): Promise<T> {
  const injected = [`trace=${calls}`, `inject=${calls}:${how}`].flatMap((each) => ["-e", each])
  const strace = spawn("strace", ["-f", "-o", "/dev/null", ...injected, "-p", String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  })
  const ended = once(strace, "close")
  try {
    let said = ""
    for await (const text of strace.stderr) {
      said += String(text)
      if (said.includes("attached")) break
    }
    if (!said.includes("attached")) throw new Error(`strace: ${said}`)
    return await work()
  } finally {
    strace.kill("SIGINT")
    await ended
  }
}
