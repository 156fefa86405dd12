/** What pacman has installed, by the names of its database's folders, which say no architecture: there is only one. */
import type { JsonObject } from "#kernel/json.js"
import { foreignText } from "../foreign.js"

export function pacmanPackages(folders: string): JsonObject {
  const items: Record<string, JsonObject> = {}
  for (const folder of folders.split("\n")) {
    const [, name, version] = /^(.+)-([^-]+-[^-]+)$/.exec(folder) ?? []
    if (name !== undefined && version !== undefined)
      items[`pkg:${foreignText(name)}`] = { version: foreignText(version) }
  }
  return items
}
