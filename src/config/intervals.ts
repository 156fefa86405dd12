/** How often each source is looked at. */
import type { Config } from "./schema.js"

/** Milliseconds between looks at a source by its name; undefined for what nobody looks at again, as an import or a source that is configured no more. */
export type Intervals = (source: string) => number | undefined

export function intervalsOf({
  sources,
  discovery,
  collectors,
}: Pick<Config, "sources" | "discovery" | "collectors">): Intervals {
  const every = new Map(sources.map((source) => [source.name, source.every ?? discovery.every]))
  return (name) =>
    // What a collector looks at is for itself to say; it is believed to do so as often as is done here.
    every.get(name) ?? (collectors.some((one) => name.startsWith(`${one.name}.`)) ? discovery.every : undefined)
}
