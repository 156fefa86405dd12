/**
 * Inventories that people or their tools keep in a file: what somebody says there is. Which of the formats it is in shows from its content. A file that
 * cannot be understood as a whole says nothing: half a fleet, or none, is what a slip of the editor leaves.
 */
import * as fs from "node:fs/promises"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Look, Source } from "../observation.js"
import { parseInventory } from "./file/parse.js"
import { type Inventory, observationsOf } from "./file/stated.js"

export interface FileOptions {
  readonly path: string
}

export interface FileDeps {
  readonly clock?: Clock
}

/** Far beyond any inventory that is kept by people. */
const largest = 4 * 2 ** 20

/** @param name the name of the configured source; its look throws `SourceUnavailable` naming the file and the line */
export function fileSource(name: string, { path }: FileOptions, { clock = systemClock }: FileDeps = {}): Source {
  // Most looks find the file as it was, and a large one takes seconds to understand.
  let last: { readonly text: string; readonly inventory: Inventory } | undefined
  return {
    name,
    kind: "file",
    async look(signal: AbortSignal): Promise<Look> {
      signal.throwIfAborted()
      const observedAt = clock.now()
      const text = await read(path, signal)
      if (last?.text !== text) last = { text, inventory: parseInventory(text, path) }
      const { inventory } = last
      const observations = observationsOf(inventory)
      if (observations.length === 0)
        throw new FleetError(
          "SourceUnavailable",
          `${path} holds no hosts; if that is meant, take the source "${name}" out of the configuration`,
        )
      const looked: Look["coverage"]["looked"] = {}
      for (const { facets } of observations) for (const facet of Object.keys(facets)) looked[facet] = true
      const complete = { target: true, service: inventory.listsServices }
      return { observedAt, observations, coverage: { rights: "read", looked, notLooked: {}, complete } }
    },
  }
}

async function read(path: string, signal: AbortSignal): Promise<string> {
  try {
    const found = await fs.stat(path)
    // A pipe would be waited for without end.
    if (!found.isFile()) throw new Error("it is not a file")
    if (found.size > largest) throw new Error("it is longer than 4 MiB")
    return await fs.readFile(path, { encoding: "utf8", signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new FleetError("SourceUnavailable", `the inventory ${path} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
