/** A page that may fail without the look failing: what it would have said is then not looked at, and nothing else. */
import { FleetError } from "#kernel/errors.js"
import type { Json, JsonObject } from "#kernel/json.js"
import { endsTheLook, reasonOf } from "./client.js"

export type Page<T> = { readonly value: T } | { readonly why: string }

/** @throws what the page does when the token does not count any more, nobody answers any more, or it is a bug */
export async function page<T>(asked: Promise<T>): Promise<Page<T>> {
  try {
    return { value: await asked }
  } catch (error) {
    if (!(error instanceof FleetError) || endsTheLook(error)) throw error
    return { why: reasonOf(error) }
  }
}

/** One machine as it is put together: its facets, and why fields of them are missing. */
export class Sight {
  readonly facets: Record<string, Record<string, Json>> = {}
  readonly notLooked: Record<string, string> = {}

  /** Adds fields; undefined is what is not known. */
  see(facet: string, fields: Readonly<Record<string, Json | undefined>>): void {
    for (const [field, value] of Object.entries(fields))
      if (value !== undefined) (this.facets[facet] ??= {})[field] = value
  }

  /** Adds what the page says, or why these paths are missing. */
  seePage<T>(facet: string, asked: Page<T>, missing: readonly string[], understand: (value: T) => JsonObject): void {
    if ("value" in asked) this.see(facet, understand(asked.value))
    else for (const field of missing) this.notLooked[`/${facet}/${field}`] = asked.why
  }
}
