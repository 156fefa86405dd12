/** The ways to reach an operation from the command line. */
import type { Progress } from "#operations/define.js"
import type { CommandSpec } from "./commands.js"

export interface Caller {
  invoke(spec: CommandSpec, input: Record<string, unknown>, signal: AbortSignal, progress: Progress): Promise<object>
  follow(spec: CommandSpec, input: Record<string, unknown>, signal: AbortSignal): AsyncIterable<object>
  close(): Promise<void>
}
