/** Machines that a source cannot look at, or does not find any more. Many at once are one alert, about their source. */
import type { RecordedEvent } from "#events/catalog.js"
import type { FailedTarget } from "#events/source.js"
import { type Position, position } from "#kernel/point.js"
import type { OpenAlert } from "#projections/alerts/read.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import type { ViewsReader } from "#projections/views.js"
import { targetOf } from "#timeline/entity.js"
import { aboutRecord, machineOf, severityOn } from "../machines.js"
import { type Judging, type Rule, type Verdict, titled } from "../rule.js"

/** So many at once are a storm. */
const storm = 20

export const unreachable: Rule = {
  name: "target-unreachable",
  types: ["DiscoveryCompleted", "TargetUnseen", "TargetReappeared", "TargetRetired"],
  async judge(event, judging) {
    const { views } = judging
    if (event.type === "DiscoveryCompleted") return ofLook(event, judging)
    const machine = await machineOf(views, recordOf(event.stream).id, event.position)
    if (machine === undefined) return []
    const about = await aboutRecord(views, machine, event.position)
    const state = await stateOf(views, machine, event.position)
    if (state === "reached") return [{ is: "right", about }]
    if (state === "retired") return [{ is: "gone", about }]
    if (event.type !== "TargetUnseen" || state !== "unseen") return []
    const severity = await severityOn(views, machine, event.position)
    return [{ is: "wrong", about, severity, title: titled(`${about.name} was not found by a complete look`) }]
  },
}

type Look = RecordedEvent & { readonly type: "DiscoveryCompleted" }

async function ofLook(event: Look, judging: Judging): Promise<readonly Verdict[]> {
  const { views } = judging
  const { source, coverage } = event.data
  // A host that shows another key is told by its own rule.
  const failed = (coverage.failed ?? []).filter(({ code }) => code !== "HostKeyChanged")
  const open = await judging.open()
  if (failed.length === 0 && open.length === 0) return []
  const before = position(event.position - 1)
  const known = (await failures(views, before)).get(source) ?? new Set()
  const others = await withOtherKeys(views, source, failed, before)
  const fresh = failed.filter(({ target }) => !known.has(target) || others.has(target))
  const all = { kind: "source", name: source } as const
  const verdicts: Verdict[] = failed.length === 0 ? [{ is: "right", about: all }] : []
  if (fresh.length >= storm) {
    const title = `${fresh.length} machines of "${source}" cannot be reached`
    verdicts.push({ is: "wrong", about: all, severity: "critical", title: titled(title), count: fresh.length })
  } else verdicts.push(...(await newlyFailed(event, fresh, views)))
  verdicts.push(...(await mended(event, open, new Set(failed.map(({ target }) => target)), views)))
  return verdicts
}

/** Native keys of those that showed another host key the last time that they showed one: that they could not be looked at was not told here. */
async function withOtherKeys(
  views: ViewsReader,
  source: string,
  failed: readonly FailedTarget[],
  at: Position,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const { target } of failed) {
    for (const { no } of await views.inventory.machinesCalled(source, target)) {
      const offered = await views.inventory.value(no, "/access/offeredHostKey", at)
      if (offered !== null && offered !== undefined) found.add(target)
    }
  }
  return found
}

async function newlyFailed(
  { position: at, data: { source } }: Look,
  fresh: readonly FailedTarget[],
  views: ViewsReader,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const { target: nativeKey, message } of fresh) {
    const called = await views.inventory.machinesCalled(source, nativeKey)
    const record = called.findLast(({ discovered }) => discovered <= at)
    const machine = record && (await targetOf(views, record, at))
    const about =
      machine === undefined ? ({ kind: "target", name: nativeKey } as const) : await aboutRecord(views, machine, at)
    const severity = await severityOn(views, machine, at)
    verdicts.push({ is: "wrong", about, severity, title: titled(`${about.name} cannot be reached: ${message}`) })
  }
  return verdicts
}

/** Of those that are told, whoever is reached now. */
async function mended(
  { position: at, data: { source } }: Look,
  open: readonly OpenAlert[],
  failed: ReadonlySet<string>,
  views: ViewsReader,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const { about } of open) {
    if (about.kind !== "target") continue
    if (about.id === undefined) {
      // Known by the name that its source has for it alone.
      const isOurs = about.name !== undefined && (await isKnownTo(views, source, about.name, at))
      if (isOurs && !failed.has(about.name as string)) verdicts.push({ is: "right", about })
      continue
    }
    const machine = await machineOf(views, about.id, at)
    if (machine !== undefined && (await stateOf(views, machine, at)) === "reached")
      verdicts.push({ is: "right", about })
  }
  return verdicts
}

async function isKnownTo(views: ViewsReader, source: string, nativeKey: string, at: Position): Promise<boolean> {
  const before = (await failures(views, position(at - 1))).get(source)
  return before?.has(nativeKey) === true
}

/** Native keys that each source could not look at the last time. */
async function failures(views: ViewsReader, at: Position): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const runs = await views.runs.lastCompleted(at)
  return new Map(runs.map(({ source, failed }) => [source, failed]))
}

/** As all of its records say together. */
async function stateOf(
  views: ViewsReader,
  machine: RecordRow,
  at: Position,
): Promise<"reached" | "failed" | "unseen" | "retired"> {
  const failed = await failures(views, at)
  const states = []
  for (const { no, source, nativeKey } of await views.inventory.membersOf(machine.id, at)) {
    const lifecycle = await views.inventory.value(no, "/lifecycle", at)
    if (lifecycle === "observed") states.push(failed.get(source)?.has(nativeKey) === true ? "failed" : "reached")
    else states.push(lifecycle === "retired" ? "retired" : "unseen")
  }
  if (states.includes("failed")) return "failed"
  if (states.includes("reached")) return "reached"
  return states.includes("unseen") ? "unseen" : "retired"
}
