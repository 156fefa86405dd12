/** Wakes whoever waits for more: the hand-over from catching up to live. */
export class Signal {
  readonly #waiting = new Set<() => void>()

  raise(): void {
    const waiting = [...this.#waiting]
    for (const wake of waiting) wake()
  }

  /** Resolves at the next `raise`, or when `signal` aborts. Ask before looking, so that nothing slips in between. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener("abort", wake)
        resolve()
      }
      signal.addEventListener("abort", wake)
      this.#waiting.add(wake)
    })
  }
}
