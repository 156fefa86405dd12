/** Deadlines that events have set or taken back, as long as that may not be in the store: it is written with the checkpoint, and the next events are judged before. */
import type { Json } from "#kernel/json.js"
import { type Position, origin } from "#kernel/point.js"
import type { Memory } from "./memory.js"

interface Said {
  readonly key: string
  /** Of the event that said so. */
  readonly position: Position
  /** Undefined if it was taken back. */
  readonly what: Json | undefined
}

export class Unwritten {
  #said: Said[] = []

  /** What the event at the position had said before, if it is handled again. */
  forget(position: Position): void {
    if (position <= (this.#said.at(-1)?.position ?? origin))
      this.#said = this.#said.filter((said) => said.position !== position)
  }

  /** @returns to be called when it is written */
  note(said: Said): () => void {
    this.#said.push(said)
    return () => void (this.#said = this.#said.filter((other) => other !== said))
  }

  /** The memory of an event at `before`. */
  over(memory: Memory, before: Position): Memory {
    if (this.#said.length === 0) return memory
    return {
      ...memory,
      pending: async (key) => {
        const said = this.#said.findLast((one) => one.key === key && one.position < before)
        return said === undefined ? memory.pending(key) : said.what
      },
    }
  }
}
