/** The ways to reach an operation from the command line. */
import type { Readable } from "node:stream"
import type { Progress } from "#operations/define.js"
import type { CommandSpec } from "./commands.js"

export interface Caller {
  /** @param body what goes with the call */
  invoke(
    spec: CommandSpec,
    input: Record<string, unknown>,
    signal: AbortSignal,
    progress: Progress,
    body?: Readable,
  ): Promise<object>
  read(spec: CommandSpec, input: Record<string, unknown>, signal: AbortSignal): AsyncIterable<string>
  follow(spec: CommandSpec, input: Record<string, unknown>, signal: AbortSignal): AsyncIterable<object>
  close(): Promise<void>
}
