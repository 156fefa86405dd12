/** Working on the data folder without a server. */
import { localOwner } from "#api/access.js"
import type { LoadedConfig } from "#config/load.js"
import { systemClock } from "#kernel/clock.js"
import { follow, invoke } from "#operations/invoke.js"
import { openFleet } from "../fleet.js"
import type { Caller } from "./caller.js"

/** @throws FleetError `FolderInUse` */
export async function localCaller(config: LoadedConfig): Promise<Caller> {
  const fleet = await openFleet(config, systemClock)
  const principal = localOwner()
  return {
    invoke: (operation, input, signal, progress) => invoke(operation, { fleet, principal, signal, progress }, input),
    follow: (operation, input, signal) =>
      follow(operation, { fleet, principal, signal, progress: () => undefined }, input),
    close: () => fleet.close(),
  }
}
