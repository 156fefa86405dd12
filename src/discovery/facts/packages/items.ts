/**
 * Packages under their keys: `pkg:<name>`, or `pkg:<name>:<architecture>` for one of an architecture that is not the manager's own. The two
 * can be there at once, and the name of the native one must not depend on whether they are.
 */
import type { JsonObject } from "#kernel/json.js"
import { foreignText } from "../foreign.js"

export interface Package {
  readonly name: string
  readonly version: string
  readonly architecture: string
}

/** @param manager the name of the package whose architecture is the native one @param any what one says that runs on all */
export function packageItems(installed: readonly Package[], manager: string, any: string): JsonObject {
  const native = installed.find(({ name }) => name === manager)?.architecture
  return Object.fromEntries(
    installed.map(({ name, version, architecture }) => {
      const key = architecture === native || architecture === any ? name : `${name}:${architecture}`
      return [`pkg:${foreignText(key)}`, { version: foreignText(version), architecture: foreignText(architecture) }]
    }),
  )
}
