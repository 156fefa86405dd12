/** One process of the built program for all that is asked of it, one thing after another: for what it answers, not for how it starts and ends. */
import { type ChildProcess, fork } from "node:child_process"
import * as path from "node:path"

export interface Run {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

let warm: ChildProcess | undefined
let tell: ((ended: Ended) => void) | undefined

/** @returns undefined where it is busy: whoever asks at the same time takes a process of its own */
export async function runWarm(run: Run): Promise<Ended | undefined> {
  if (tell !== undefined) return undefined
  const ended = new Promise<Ended>((resolve) => (tell = resolve))
  warm ??= started(run.env)
  warm.send(run)
  return ended
}

function started(env: NodeJS.ProcessEnv): ChildProcess {
  const child = fork(path.resolve("tests/support/run-again.js"), [], { env, execArgv: [] })
  const told = (ended: Ended) => {
    const asked = tell
    tell = undefined
    asked?.(ended)
  }
  child.on("message", told)
  child.once("exit", (code) => {
    warm = undefined
    told({ code, stdout: "", stderr: "the program ended before it had answered" })
  })
  // Nobody waits for it but who has asked it.
  child.unref()
  child.channel?.unref()
  return child
}
