/**
 * Whether a change was said to come. What nobody said, and no log of upgrades that run by themselves accounts for, is a surprise where it is of something that was pinned to stay
 * as it was, or of a kind that asks for attention anywhere. How something is doing (that it runs, how full it is) is no change that anybody says beforehand, and no surprise.
 */
import type { RecordedEvent } from "#events/catalog.js"
import { severities, severityOf } from "#events/severity.js"
import { epochMs } from "#kernel/clock.js"
import { bug } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import { coveredBy } from "#projections/intents/project.js"
import type { Intent, IntentMatch } from "#projections/intents/read.js"
import { changedPaths, patchOf, subjectOf } from "#projections/inventory/patch-of.js"
import { isDiscovery } from "#projections/inventory/project.js"
import { type RecordRow, kinds } from "#projections/inventory/read.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import type { ViewsReader } from "#projections/views.js"
import { targetOf } from "#timeline/entity.js"
import { isAsItWas } from "./as-it-was.js"
import { covers, unseenIn } from "./pinned.js"
import { classAt } from "./shape.js"
import { conditionsOf } from "./where.js"

/** Newest ones that are gone through. */
const mostIntents = 1_000

export const expectations = ["expected", "surprising"] as const

export interface Expectation {
  readonly is: (typeof expectations)[number]
  /** The intent that it was said by; null for upgrades that run by themselves, and for surprises. */
  readonly intent: string | null
  /** Names of the pinned points that it departs from. */
  readonly baselines: readonly string[]
}

/**
 * @param event one that alters a record; the views must have reached it
 * @returns undefined where there is nothing to expect
 */
export async function expectationOf(views: ViewsReader, event: RecordedEvent): Promise<Expectation | undefined> {
  const intent = await intentFor(views, event)
  if (intent !== undefined) return { is: "expected", intent, baselines: [] }
  if (runsByItself(event)) return { is: "expected", intent: null, baselines: [] }
  // What somebody says here of a machine is not what happened to it.
  if (event.metadata.source === undefined) return undefined
  const baselines = await departedFrom(views, event)
  return baselines.length > 0 || isSevere(event) ? { is: "surprising", intent: null, baselines } : undefined
}

/** @param event one that alters a record; the views must have reached it */
export async function isUnexpected(views: ViewsReader, event: RecordedEvent): Promise<boolean> {
  return (await expectationOf(views, event))?.is === "surprising"
}

/** Whether a change that was a surprise is none by what has been said since: that it was expected after all, or that the fleet is meant to be as it is with it. */
export async function isExplained(views: ViewsReader, event: RecordedEvent, at: Position): Promise<boolean> {
  if (await saidSince(views, event, at)) return true
  return !isSevere(event) && (await departedFrom(views, event, at)).length === 0
}

/** By one of those that were said after it came. */
async function saidSince(views: ViewsReader, event: RecordedEvent, at: Position): Promise<boolean> {
  const time = event.occurredAt ?? event.observedAt
  const paths = changedPaths(event)
  const record = await views.inventory.record(recordOf(subjectOf(event)).id)
  if (record === undefined) return false
  for (const intent of await views.intents.page(at, (at + 1) as Position, mostIntents, time)) {
    if (intent.since < event.position || Date.parse(intent.from) > epochMs(time)) continue
    const said = new Set(coveredBy(intent, event))
    if (paths.every((path) => said.has(path)) && (await selects(views, intent.where, record, event.position)))
      return true
  }
  return false
}

/** All that a change changes has to have been said, by one or by several; the first of those is named. */
async function intentFor(views: ViewsReader, event: RecordedEvent): Promise<string | undefined> {
  const matches = await views.intents.matches(event.position)
  if (matches.length === 0) return undefined
  const open = new Set(changedPaths(event))
  let first: string | undefined
  for (const match of matches) {
    if (!open.has(match.path) || !(await covered(views, match, event.position))) continue
    open.delete(match.path)
    first ??= match.intent.id
  }
  return open.size === 0 ? first : undefined
}

/** Changes of which an intent covers something, up to a position: their positions, so many at most. */
export async function changesBy(
  views: ViewsReader,
  intent: Intent,
  at: Position,
  most: number,
): Promise<readonly Position[]> {
  const positions = new Set<Position>()
  for (const match of await views.intents.coveredBy(intent, at, most)) {
    if (!positions.has(match.position) && (await covered(views, match, match.position))) positions.add(match.position)
  }
  return [...positions]
}

async function covered(views: ViewsReader, match: IntentMatch, at: Position): Promise<boolean> {
  if (!(await isAbout(views, match, at))) return false
  if (!match.intent.once) return true
  for (const earlier of await views.intents.earlier(match, at)) if (await isAbout(views, match, earlier)) return false
  return true
}

async function isAbout(views: ViewsReader, { intent, recordNo }: IntentMatch, at: Position): Promise<boolean> {
  const record = await views.inventory.recordByNo(recordNo)
  return record !== undefined && selects(views, intent.where, record, at)
}

async function selects(
  views: ViewsReader,
  where: string | undefined,
  record: RecordRow,
  at: Position,
): Promise<boolean> {
  if (where === undefined) return true
  const { kind, no } = await targetOf(views, record, at)
  const condition = (await conditionsOf(where, kinds)).get(kind)
  return (await views.entities.among(kind, at, condition, [no])).length > 0
}

const unattended = /(?:^|[\s/])(?:unattended-upgrades?|dnf-automatic|yum-cron|apk-autoupdate)(?:\s|$)/

/** Packages that a program which does so by itself has brought up to date, by the log of the package manager. */
function runsByItself(event: RecordedEvent): boolean {
  const isOfPackages = changedPaths(event).every(
    (path) => path.startsWith("/packages/") || path.startsWith("/updates/"),
  )
  return isOfPackages && unattended.test(event.metadata.reason ?? "")
}

const comesOrGoes: ReadonlySet<string> = new Set([
  "TargetReappeared",
  "TargetRetired",
  "ServiceReappeared",
  "ServiceRetired",
  "StackReappeared",
  "StackRetired",
])

/** @param at where those have to be in force that count; what was pinned with the change in it does not */
async function departedFrom(
  views: ViewsReader,
  event: RecordedEvent,
  at: Position = event.position,
): Promise<readonly string[]> {
  const all = await views.baselines.pinned(at)
  const pinned = all.filter(({ baseline }) => baseline.position < event.position)
  if (pinned.length === 0) return []
  const record = await views.inventory.record(recordOf(subjectOf(event)).id)
  if (record === undefined) throw bug(`the views know no record for ${event.stream}`)
  const isWhole = isDiscovery(event) || comesOrGoes.has(event.type)
  const unseen = unseenIn(patchOf(event))
  const paths = isWhole ? [""] : changedPaths(event).filter((path) => !unseen.has(path))
  const names: string[] = []
  for (const { name, baseline } of pinned) {
    const held = paths.filter((path) => (isWhole ? baseline.fields === undefined : covers(baseline, record.kind, path)))
    // What comes back to what was pinned departs from nothing.
    const as = held.map((path) => isAsItWas(views, record, path, baseline.position as Position, event.position))
    const isCovered = (await Promise.all(as)).includes(false)
    if (isCovered && (await isSelected(views, baseline.where, record, event.position))) names.push(name)
  }
  return names
}

/** Before the change, or by it. */
async function isSelected(
  views: ViewsReader,
  where: string | undefined,
  record: RecordRow,
  at: Position,
): Promise<boolean> {
  return (await selects(views, where, record, at)) || selects(views, where, record, (at - 1) as Position)
}

function isSevere(event: RecordedEvent): boolean {
  if (severities.indexOf(severityOf(event)) < severities.indexOf("warning")) return false
  if (event.type === "HostKeyChanged" || comesOrGoes.has(event.type)) return true
  const { kind } = recordOf(subjectOf(event))
  return kinds.some(
    (each) =>
      each === kind && changedPaths(event).some((path) => ["identity", "config"].includes(classAt(each, path) ?? "")),
  )
}
