/** Writes down in the ledger that an operation was used, where that leaves no event of its own. */
import * as crypto from "node:crypto"
import type { NewEvent } from "#events/catalog.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import type { Fleet } from "#fleet.js"
import type { Call, Operation } from "./define.js"

/** Of what was asked for; what is longer is cut. */
const longest = 200
/** Others may write at the same time. */
const attempts = 20

/** Before anything is handed out, and after something was done: what did not happen is not told. */
export async function account(
  { name, accounted }: Operation,
  { fleet, principal }: Call,
  input: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (accounted === undefined) return
  const given = accounted.what === undefined ? undefined : input[accounted.what]
  const what = typeof given === "string" ? { what: given.slice(0, longest).toWellFormed() } : {}
  const type = accounted.as === "export" ? "DataExported" : "AdministrationPerformed"
  const data = { operation: name, ...what }
  await appendToAccess(fleet, { type, data, metadata: { actor: principal.name }, observedAt: fleet.clock.now() })
}

/** @throws FleetError as the ledger does */
export async function appendToAccess({ ledger }: Pick<Fleet, "ledger">, event: NewEvent): Promise<void> {
  const stream = `access-${event.observedAt.slice(0, "2026-11".length)}` as StreamName
  const command = crypto.randomUUID()
  for (let attempt = 1; ; attempt++) {
    try {
      await ledger.append(stream, await ledger.revisionOf(stream), [event], command)
      return
    } catch (error) {
      const isBeaten = error instanceof FleetError && error.code === "RevisionConflict"
      if (!isBeaten || attempt === attempts) throw error
    }
  }
}
