/** Writes down in the ledger that an operation was used, where that leaves no event of its own. */
import * as crypto from "node:crypto"
import type { NewEvent } from "#events/catalog.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import type { StreamName } from "#kernel/ids.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"
import type { Fleet } from "#fleet.js"
import type { Call, Operation } from "./define.js"

/** Of what was asked for; what is longer is cut. */
const longest = 200

/** What somebody takes out every minute is told once an hour, as looks that find the same are. */
const againMs = 3_600_000
/** Of the last accounts, those that are looked through for the same. */
const lookedThrough = 100

/** Before anything is handed out, and after something was done: what did not happen is not told. */
export async function account(
  { name, accounted }: Operation,
  { fleet, principal }: Call,
  input: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (accounted === undefined) return
  const given = [accounted.what ?? []]
    .flat()
    .map((field) => input[field])
    .find((value) => value !== undefined)
  const what = typeof given === "string" ? { what: given.slice(0, longest).toWellFormed() } : {}
  const type = accounted.as === "export" ? "DataExported" : "AdministrationPerformed"
  const data = { operation: name, ...what }
  const event = { type, data, metadata: { actor: principal.name }, observedAt: fleet.clock.now() } as const
  if (type === "DataExported" && (await wasTold(fleet, event))) return
  await appendToAccess(fleet, event)
}

async function wasTold({ ledger }: Fleet, { type, data, metadata, observedAt }: NewEvent): Promise<boolean> {
  const last = await ledger.readStream(streamAt(observedAt), { limit: lookedThrough, backwards: true })
  const since = instant(epochMs(observedAt) - againMs)
  return last.some(
    (event) =>
      event.type === type &&
      event.observedAt > since &&
      event.metadata.actor === metadata.actor &&
      canonicalJson(event.data) === canonicalJson(data),
  )
}

function streamAt(time: Instant): StreamName {
  return `access-${time.slice(0, "2026-11".length)}` as StreamName
}

/** @throws FleetError as the ledger does */
export async function appendToAccess({ ledger }: Pick<Fleet, "ledger">, event: NewEvent): Promise<void> {
  const stream = streamAt(event.observedAt)
  const command = crypto.randomUUID()
  await unlessBeaten(async () => ledger.append(stream, await ledger.revisionOf(stream), [event], command))
}
