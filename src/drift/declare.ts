/** Declaring what the fleet is meant to be like, and withdrawing it. What is declared already is not said again. */
import type { Baseline } from "#events/baseline.js"
import type { NewEvent, RecordedEvent } from "#events/catalog.js"
import type { Metadata } from "#events/envelope.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Clock } from "#kernel/clock.js"
import { type StreamName, baselineId, newRunId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { lastReadable } from "#ledger/last-readable.js"
import type { Ledger } from "#ledger/port.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"

export interface Declaring {
  readonly ledger: Ledger
  readonly clock: Clock
}

export interface Declared {
  /** Whether anything was written. */
  readonly changed: boolean
  /** Of the event that says so. */
  readonly position: Position
}

/** @returns whether that is new */
export function declare(to: Declaring, name: string, baseline: Baseline, metadata: Metadata): Promise<Declared> {
  return say(to, name, isDeclared(baseline), { type: "BaselineDeclared", data: { name, baseline }, metadata })
}

/** Nothing where there is none. */
export function withdraw(from: Declaring, name: string, metadata: Metadata): Promise<Declared> {
  return say(from, name, isWithdrawn, { type: "BaselineWithdrawn", data: { name }, metadata })
}

/** Whether that is what was said last: such a baseline, or that there is none. */
export async function isSaid(ledger: Ledger, name: string, baseline: Baseline | undefined): Promise<boolean> {
  const last = await lastReadable(ledger, streamOf(name))
  return baseline === undefined ? isWithdrawn(last) : isDeclared(baseline)(last)
}

type Said = RecordedEvent | undefined

function isDeclared(baseline: Baseline): (last: Said) => boolean {
  return (last) => last?.type === "BaselineDeclared" && canonicalJson(last.data.baseline) === canonicalJson(baseline)
}

function isWithdrawn(last: Said): boolean {
  return last?.type !== "BaselineDeclared"
}

function streamOf(name: string): StreamName {
  return `baseline-${baselineId(name)}` as StreamName
}

/** Somebody else may declare the same at the same time. */
function say(
  { ledger, clock }: Declaring,
  name: string,
  isKnown: (last: Said) => boolean,
  event: Omit<Extract<NewEvent, { type: "BaselineDeclared" | "BaselineWithdrawn" }>, "observedAt">,
): Promise<Declared> {
  const stream = streamOf(name)
  return unlessBeaten(async () => {
    const revision = await ledger.revisionOf(stream)
    const last = await lastReadable(ledger, stream)
    if (isKnown(last)) return { changed: false, position: last?.position ?? (-1 as Position) }
    const whole = { ...event, observedAt: clock.now() } as NewEvent
    const { position } = await ledger.append(stream, revision, [whole], newRunId())
    return { changed: true, position }
  })
}
