/** The operations of a fleet that is open in this process. */
import type { Call } from "#operations/define.js"
import { invoke, read } from "#operations/invoke.js"
import type { Operations } from "./answering.js"

export function operationsOf(who: Pick<Call, "fleet" | "principal">): Operations {
  return {
    invoke: (operation, input, signal, progress) => invoke(operation, { ...who, signal, progress }, input),
    async *read(operation, input, signal, progress) {
      yield* (await read(operation, { ...who, signal, progress }, input)).pieces
    },
  }
}
