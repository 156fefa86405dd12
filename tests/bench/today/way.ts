/** A way of keeping what a fleet was: what `npm run bench -- today` asks each of. */

/** The inventory as it is at the end of a day, of each entity the JSON that is exported of it. */
export interface Day {
  readonly day: number
  /** Those that are new or other than the day before. */
  readonly changed: ReadonlyMap<string, string>
  readonly removed: readonly string[]
  /** All that there are, in order. */
  readonly all: () => Iterable<readonly [id: string, json: string]>
}

export interface Kept {
  readonly bytes: number
  /** Of them for the first day, before anything changed; undefined where that is not told apart. */
  readonly bytesAtFirst: number | undefined
  readonly how: string
}

export interface Way {
  readonly name: string
  keep(day: Day): Promise<void>
  /** What makes it small, once everything is in it. */
  finish(): Promise<void>
  /** @returns characters of what is told */
  one(id: string, day: number): Promise<number>
  everything(day: number): Promise<number>
  /** @returns entities that differ */
  diff(from: number, to: number): Promise<number>
  /** @returns changes of the entity */
  history(id: string): Promise<number>
  /** Gives a moment a name. */
  mark(day: number): Promise<void>
  kept(): Promise<readonly Kept[]>
  close(): Promise<void>
}
