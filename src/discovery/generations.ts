/**
 * Names that are given again. A hypervisor numbers its guests, and the number of one that was destroyed is soon another's: that is another record, of the next
 * generation, and what was known under the name has ended, with all that was on it.
 */
import type { Policy } from "#events/policy.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { InventoryReader, RecordRow } from "#projections/inventory/read.js"
import { decideLeft, decideMissing } from "./decide.js"
import { type Decision, whoseOf } from "./decision.js"
import type { Cause, Look, Observation } from "./observation.js"

export interface Generations {
  /** By kind and native key, what bears the name now as it did before. */
  readonly known: ReadonlyMap<string, RecordRow>
  /** Of what is discovered under a name that another thing bore: which generation that is. */
  readonly next: ReadonlyMap<string, number>
  readonly ended: readonly Decision[]
}

export interface GenerationPorts {
  readonly inventory: InventoryReader
  readonly head: Position
  readonly policy: Policy
  /** What was done since the look before, by kind and native key. */
  readonly done: ReadonlyMap<string, readonly Cause[]>
}

/** @param known by kind and native key the newest that bore the name */
export async function generations(
  { observations }: Look,
  known: ReadonlyMap<string, RecordRow>,
  { inventory, head, policy, done }: GenerationPorts,
): Promise<Generations> {
  const others = new Set<string>()
  for (const observation of observations) {
    const key = `${observation.kind} ${observation.nativeKey}`
    const record = known.get(key)
    if (record !== undefined && (await isAnother(record, observation, done.get(key) ?? []))) others.add(record.id)
  }
  if (others.size === 0) return { known, next: new Map(), ended: [] }
  const ending = [...known].filter(([, { targetId }]) => others.has(targetId))
  const ended: Decision[] = []
  for (const [, record] of ending) {
    const document = await inventory.document(record.no, head, ["lifecycle"])
    if (document["lifecycle"] === "retired") continue
    if (record.kind === "target") {
      const decide = (now: JsonObject) => decideMissing(now, "target", policy.retireAfterLooks, policy)
      ended.push({ ...whoseOf(record), events: decide(document), again: { record, decide } })
    } else ended.push({ ...whoseOf(record), events: [decideLeft(record.kind)] })
  }
  return {
    known: new Map([...known].filter(([, { targetId }]) => !others.has(targetId))),
    next: new Map(ending.map(([key, { generation }]) => [key, generation + 1])),
    ended,
  }

  /**
   * By what a guest is made with. A restore keeps the UUID and makes another generation id; a clone keeps the time at which its template was made; a UUID can be
   * edited. So one thing that is the same speaks for the same guest, and one that differs is not enough alone.
   */
  async function isAnother(record: RecordRow, { facets }: Observation, causes: readonly Cause[]): Promise<boolean> {
    const { guest, identity, network } = facets
    if (guest === undefined) return false
    const compared = async (path: string, seen: Json | undefined) => {
      const before = await inventory.value(record.no, path, head)
      if (typeof before !== "string" || typeof seen !== "string") return undefined
      return before === seen ? "same" : "other"
    }
    const uuid = await compared("/identity/smbiosUuid", identity?.["smbiosUuid"])
    if (uuid === "same") return false
    const made = await compared("/guest/createdAt", guest["createdAt"])
    if (uuid !== "other" && made !== "other" && !causes.some(({ begins }) => begins)) return false
    if ((await compared("/guest/generationId", guest["generationId"])) === "same") return false
    if (uuid === "other" && made === "other") return true
    const before = (await inventory.document(record.no, head, ["network"]))["network"]
    return areOther(macsOf(before), macsOf(network))
  }
}

/** Whether there are some on both sides, and none on both. */
function areOther(before: ReadonlySet<Json>, now: ReadonlySet<Json>): boolean {
  return before.size > 0 && now.size > 0 && ![...now].some((mac) => before.has(mac))
}

function macsOf(network: Json | undefined): ReadonlySet<Json> {
  const interfaces = isObject(network) ? network["interfaces"] : undefined
  const macs = Object.values(isObject(interfaces) ? interfaces : {}).map((each) =>
    isObject(each) ? each["mac"] : null,
  )
  return new Set(macs.filter((mac) => typeof mac === "string"))
}
