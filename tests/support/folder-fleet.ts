/** A fleet in a folder of the test's own, its keys too, with machines that were never looked at. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { NewEvent } from "#events/catalog.js"
import { type LoadedConfig, loadConfig } from "#config/load.js"
import { type Fleet, openFleet } from "#fleet.js"
import type { Clock } from "#kernel/clock.js"
import { recordId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { noStream } from "#ledger/port.js"
import { metadata, observedAt, stream } from "./sample-events.js"
import { TestClock } from "./test-clock.js"
import { whenFinished } from "./when-finished.js"

/** Data in `data`, keys in `keys`. */
export function configIn(folder: string, yaml = "{}"): LoadedConfig {
  const config = path.join(folder, "fleet-ledger.yaml")
  fs.writeFileSync(config, yaml)
  return loadConfig({ config, data: path.join(folder, "data") }, { FLEET_LEDGER_KEYS: path.join(folder, "keys") })
}

/** The file of the one key there is. */
export function keyIn(folder: string): string {
  const keys = path.join(folder, "keys")
  return path.join(keys, fs.readdirSync(keys).find((name) => name.endsWith(".pem")) as string)
}

/** Opens the fleet in a folder, with this much said in its configuration. */
export async function open(folder: string, yaml = "{}", clock: Clock = new TestClock()): Promise<Fleet> {
  const fleet = await openFleet(configIn(folder, yaml), clock)
  whenFinished(() => fleet.close())
  return fleet
}

export const nameOf = (number: number) => `web-${number}`
export const idOf = (number: number) => recordId("here", "target", String(number))

/** Discovers so many machines and changes each of them once. */
export async function populate(fleet: Fleet, count: number, from = 0): Promise<Position> {
  const appends = Array.from({ length: count }, (_, index) => {
    const [nativeKey, name] = [String(from + index), nameOf(from + index)]
    const document = {
      lifecycle: "observed",
      identity: { name },
      packages: { "pkg:__proto__": { version: "1" } },
    } as const
    const patch = [{ op: "add" as const, path: "/packages/pkg:vim", value: { version: String(index) } }]
    const events: NewEvent[] = [
      { type: "TargetDiscovered", data: { source: "here", nativeKey, generation: 0, document }, metadata, observedAt },
      { type: "TargetChanged", data: { facet: "packages", patch }, metadata, observedAt },
    ]
    return fleet.ledger.append(stream(`target-${idOf(from + index)}`), noStream, events, "populate")
  })
  await Promise.all(appends)
  const { position } = await fleet.ledger.head()
  await fleet.reached(position)
  return position
}
