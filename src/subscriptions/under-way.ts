/** What is being appended because of events while those behind them are handled. */
export class UnderWay {
  #appends: { readonly event: number; readonly appended: Promise<unknown> }[] = []

  get size(): number {
    return this.#appends.length
  }

  /** @param event its index */
  add(event: number, appends: readonly Promise<unknown>[]): void {
    if (appends.length === 0) return
    const appended = Promise.all(appends)
    // Asked for later, if at all: not unheard until then.
    appended.catch(() => undefined)
    this.#appends.push({ event, appended })
  }

  /** Waits for all of it. @returns the first event that has not all of its own */
  async over(): Promise<number | undefined> {
    const waited = this.#appends
    this.#appends = []
    const outcomes = await Promise.allSettled(waited.map(({ appended }) => appended))
    return waited[outcomes.findIndex(({ status }) => status === "rejected")]?.event
  }
}
