/** The ways to reach an operation from the command line. */
import type { Act, Progress, Query, Stream } from "#operations/define.js"

export interface Caller {
  invoke(
    operation: Query | Act,
    input: Record<string, unknown>,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<object>
  follow(operation: Stream, input: Record<string, unknown>, signal: AbortSignal): AsyncIterable<object>
  close(): Promise<void>
}
