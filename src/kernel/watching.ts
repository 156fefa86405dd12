/** Whoever waits for work that takes long: hears how far it is, and may ask it to stop. */
export interface Watching {
  readonly progress: (done: number, total: number, what: string) => void
  readonly signal: AbortSignal
}
