/** Ctrl-C: the first asks to stop, the second does not ask. */
export class Interrupt {
  readonly #abort = new AbortController()
  readonly #onSignal = () => {
    if (this.#abort.signal.aborted) process.exit(130)
    this.#abort.abort()
  }

  constructor() {
    process.on("SIGINT", this.#onSignal)
    process.on("SIGTERM", this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  ignore(): void {
    process.off("SIGINT", this.#onSignal)
    process.off("SIGTERM", this.#onSignal)
  }
}
