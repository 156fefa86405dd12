/** Working on the data folder without a server. */
import { localOwner } from "#api/access.js"
import type { LoadedConfig } from "#config/load.js"
import { systemClock } from "#kernel/clock.js"
import { bug } from "#kernel/errors.js"
import type { Operation } from "#operations/define.js"
import { follow, invoke, read } from "#operations/invoke.js"
import { operations } from "#operations/registry.js"
import { keepHeapSmall } from "#kernel/small-heap.js"
import { openFleet } from "../fleet.js"
import type { Caller } from "./caller.js"
import { complain } from "./complain.js"

/** @throws FleetError `FolderInUse` */
export async function localCaller(config: LoadedConfig): Promise<Caller> {
  keepHeapSmall()
  const told = { sealed: () => {}, failed: complain, notAdopted: complain }
  const fleet = await openFleet(config, systemClock, { told })
  const principal = localOwner()
  return {
    async invoke({ name }, input, signal, progress, body) {
      const operation = operationNamed(name)
      if (operation.kind === "stream" || operation.kind === "text") throw bug(`${name} is not invoked`)
      return invoke(operation, { fleet, principal, signal, progress, ...(body && { body }) }, input)
    },
    async *read({ name }, input, signal) {
      const operation = operationNamed(name)
      if (operation.kind !== "text") throw bug(`${name} is not read`)
      yield* (await read(operation, { fleet, principal, signal, progress: () => {} }, input)).pieces
    },
    async *follow({ name }, input, signal) {
      const operation = operationNamed(name)
      if (operation.kind !== "stream") throw bug(`${name} is invoked, not followed`)
      yield* await follow(operation, { fleet, principal, signal, progress: () => {} }, input)
    },
    close: () => fleet.close(),
  }
}

function operationNamed(name: string): Operation {
  const operation = operations.find((candidate) => candidate.name === name)
  if (operation === undefined) throw bug(`the build wrote down an operation "${name}" that does not exist`)
  return operation
}
