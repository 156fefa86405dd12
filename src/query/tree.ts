/** What somebody asked, as a tree. Places are indices of characters in what was written. */

export type Query =
  | { readonly is: "all" | "any"; readonly of: readonly Query[] }
  | { readonly is: "not"; readonly of: Query }
  /** A word or a phrase, anywhere. */
  | { readonly is: "words"; readonly text: string }
  | FieldIs

export interface FieldIs {
  readonly is: "field"
  /** As it was written: `os`, `service.runtime`. */
  readonly name: string
  readonly operator: Operator
  /** Any of these. */
  readonly values: readonly Value[]
  readonly place: Place
}

export type Operator = ":" | "=" | "!=" | "<" | "<=" | ">" | ">="

export interface Value {
  readonly text: string
  /** Whether it was in quotation marks, where no character means anything. */
  readonly quoted: boolean
  readonly place: Place
}

/** From the one character up to, not including, the other. */
export interface Place {
  readonly from: number
  readonly to: number
}
