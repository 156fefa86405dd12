/** Certificates that services show and that expire soon: told when the time has come, though nothing is recorded then. */
import type { TargetDocument } from "#events/facets/target.js"
import type { RecordedEvent } from "#events/catalog.js"
import { epochMs, instant } from "#kernel/clock.js"
import type { RecordRow } from "#projections/inventory/read.js"
import { recordOf } from "#projections/inventory/record-numbers.js"
import { aboutRecord, machineOf } from "../machines.js"
import { type Judging, type Rule, type Verdict, titled } from "../rule.js"

/** @param beforeMs how long before its end it is told */
export function certificateExpiring(beforeMs: number): Rule {
  return {
    name: "certificate-expiring",
    types: ["TargetDiscovered", "TargetChanged", "TargetRetired"],
    concerns: (event) => event.type !== "TargetChanged" || event.data.facet === "certificates",
    async judge(event, judging) {
      const { views, named } = judging
      const record = await views.inventory.record(named ?? recordOf(event.stream).id)
      return record === undefined ? [] : ofRecord(record, event, judging, beforeMs)
    },
  }
}

/** All of a record's, and when the next of them is due. */
async function ofRecord(
  record: RecordRow,
  { type, position: at, recordedAt }: RecordedEvent,
  { views, open }: Judging,
  beforeMs: number,
): Promise<readonly Verdict[]> {
  const machine = await machineOf(views, record.id, at)
  if (machine === undefined) return []
  const retired = type === "TargetRetired"
  const document = retired ? {} : await views.inventory.document(record.no, at, ["certificates"])
  const certificates = Object.entries((document as Partial<TargetDocument>).certificates ?? {})
  const now = epochMs(recordedAt)
  const verdicts: Verdict[] = []
  const dues: number[] = []
  for (const [key, { notAfter }] of certificates) {
    const end = Date.parse(notAfter ?? "")
    if (Number.isNaN(end)) continue
    const about = await aboutRecord(views, machine, at, key)
    if (end - beforeMs > now) {
      verdicts.push({ is: "right", about })
      dues.push(end - beforeMs)
      continue
    }
    const isOver = end <= now
    const title = `the certificate of ${about.name} at ${key.slice("cert:".length)} ${isOver ? "expired" : "expires"} at ${notAfter}`
    verdicts.push({ is: "wrong", about, severity: isOver ? "critical" : "warning", title: titled(title) })
  }
  const there = new Set(certificates.map(([key]) => key))
  for (const { about } of await open(machine.id)) if (!there.has(about.part ?? "")) verdicts.push({ is: "gone", about })
  if (dues.length === 0) verdicts.push({ is: "never", name: record.id })
  else verdicts.push({ is: "later", name: record.id, dueAt: instant(Math.min(...dues)) })
  return verdicts
}
