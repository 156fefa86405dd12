/** The catalog as a later program would have it, for the running test: one event at a higher version, or gone. */
import { type EventType, catalog } from "#events/catalog.js"
import type { EventDefinition } from "#events/define.js"
import { onTestFinished } from "vitest"

export function atVersion(type: EventType, version: number, upcasters: EventDefinition["upcasters"]): void {
  restoreAfterwards(type)
  Object.assign(catalog, { [type]: { ...catalog[type], version, upcasters } })
}

export function withoutType(type: EventType): void {
  restoreAfterwards(type)
  Reflect.deleteProperty(catalog, type)
}

function restoreAfterwards(type: EventType): void {
  const definition: EventDefinition = catalog[type]
  onTestFinished(() => void Object.assign(catalog, { [type]: definition }))
}
