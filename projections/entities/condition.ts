/** What entities can be asked for. Names are those of the tables and of documents' paths: what a person wrote was understood before. */
import type { Position } from "#kernel/point.js"
import type { Kind } from "../inventory/read.js"

export type Condition =
  | { readonly is: "all" | "any"; readonly of: readonly Condition[] }
  | { readonly is: "not"; readonly of: Condition }
  /** It is not retired. */
  | { readonly is: "present" }
  /** A column of the entity's row. */
  | { readonly is: "column"; readonly column: Column; readonly test: Test }
  /** A member of one of its JSON arrays, or of one in its summary. */
  | { readonly is: "member"; readonly list: List; readonly test: Test }
  /** A field of its document, `/os/kernel`. */
  | { readonly is: "field"; readonly path: string; readonly test: Test }
  /** The key that an item of a collection has at its source: `nginx` of `/packages/pkg:nginx`. */
  | { readonly is: "item"; readonly collection: string; readonly test: Test }
  /** A field in an item, or, with `keys`, the keys of a collection in it. */
  | {
      readonly is: "itemField"
      readonly collection: string
      readonly field: string
      readonly keys: boolean
      readonly test: Test
    }
  /** Free text, in lower case. */
  | { readonly is: "words"; readonly text: string }
  /** Whether something altered it after the one position and up to the other. */
  | { readonly is: "changed"; readonly after: Position; readonly upTo: Position }
  | { readonly is: "discovered"; readonly after: Position; readonly upTo: Position }
  | { readonly is: "nativeKey"; readonly test: Test }
  /** Something of that kind on the machine, or the machine that it is on, is so. */
  | { readonly is: "related"; readonly kind: Kind; readonly of: Condition }

export type Column =
  | "name"
  | "lifecycle"
  | "role"
  | "status"
  | "health"
  | "runtime"
  | "os"
  | "environment"
  | "stack"
  | "image"

export type List = "sources" | "tags" | "addresses" | "ports"

/** What a value has to be. Text is compared without regard to the case of ASCII letters. */
export type Test =
  /** There is one. */
  | { readonly has: "value" }
  /** It is one of these. `*` stands for any text, `?` for a character, where `pattern` says so. */
  | { readonly has: "text"; readonly anyOf: readonly { readonly text: string; readonly pattern: boolean }[] }
  /** It has all of these in it. */
  | { readonly has: "words"; readonly words: readonly string[] }
  | { readonly has: "number"; readonly compare: Comparison; readonly value: number }
  /** In the order of characters, as times in RFC 3339 are in. */
  | { readonly has: "order"; readonly compare: Comparison; readonly value: string }
  | { readonly has: "truth"; readonly value: boolean }

export type Comparison = "=" | "<" | "<=" | ">" | ">="
