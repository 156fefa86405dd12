/**
 * How often something is asked again because of what happens: never while it is being asked, and the seldomer the longer an answer takes. So whatever is shown of a large
 * fleet in a busy hour, asking costs the server a part of its time and not all of it.
 */

/** So many times as long as the answer took, nothing is asked. */
const rests = 4

export class Pace {
  #begun: number | undefined
  #restsUntil = 0
  #wanted: (() => void) | undefined
  #due: ReturnType<typeof setTimeout> | undefined

  begin(): void {
    this.#begun = performance.now()
  }

  /** It was answered, or is not waited for any more. */
  end(): void {
    if (this.#begun === undefined) return
    const now = performance.now()
    this.#restsUntil = now + rests * (now - this.#begun)
    this.#begun = undefined
    if (this.#wanted !== undefined) this.soon(this.#wanted)
  }

  /** Has it asked when it is time; once, however often it is wanted until then. */
  soon(ask: () => void): void {
    this.#wanted = ask
    if (this.#begun !== undefined || this.#due !== undefined) return
    const wait = Math.max(0, this.#restsUntil - performance.now())
    this.#due = setTimeout(() => {
      this.#due = undefined
      const wanted = this.#wanted
      this.#wanted = undefined
      wanted?.()
    }, wait)
  }

  stop(): void {
    clearTimeout(this.#due)
    this.#due = undefined
    this.#wanted = undefined
  }
}
