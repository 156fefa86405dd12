/**
 * What was assigned to a machine of several records, as one: a person's word goes before what a rule gave to any of them, and of several words that on the
 * oldest record, which is where people's go since the records were linked.
 */
import { type Json, type JsonObject, isObject } from "#kernel/json.js"

/** @param documents in the order of their precedence @returns undefined where nothing ever was */
export function assignedTogether(documents: readonly JsonObject[]): JsonObject | undefined {
  const inOrder = assignedIn(documents)
  const [first] = inOrder
  if (first === undefined) return undefined
  const oldestFirst = assignedIn([...documents.filter(isOldest), ...documents.filter((one) => !isOldest(one))])
  const { role, roleBy } =
    oldestFirst.find((held) => held["roleBy"] === "hand") ?? inOrder.find((held) => held["role"] !== null) ?? first
  const byRule = tagsIn(inOrder).filter(([, tag]) => !isByHand(tag))
  const byHand = tagsIn(oldestFirst).filter(([, tag]) => isByHand(tag))
  const tags = Object.fromEntries([...byRule.toReversed(), ...byHand.toReversed()])
  return { role: role ?? null, roleBy: roleBy ?? null, tags }
}

function assignedIn(documents: readonly JsonObject[]): JsonObject[] {
  return documents.flatMap(({ assigned }) => (isObject(assigned) ? [assigned] : []))
}

function isOldest({ link }: JsonObject): boolean {
  return link === undefined
}

function tagsIn(assigned: readonly JsonObject[]): [string, Json][] {
  return assigned.flatMap(({ tags }) => (isObject(tags) ? Object.entries(tags) : []))
}

/** One that somebody took away is `null`, so that no rule gives it again. */
function isByHand(tag: Json): boolean {
  return !isObject(tag) || tag["by"] === "hand"
}
