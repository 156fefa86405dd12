/** A package that would come. */
export interface Update {
  readonly name: string
  /** Where the manager says it. */
  readonly architecture?: string
  readonly version: string
  /** Null when the manager's lists do not tell. */
  readonly security: boolean | null
}
