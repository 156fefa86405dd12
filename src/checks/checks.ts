/**
 * Checks: trying them, and telling what so many tries in a row agree upon. What stands is what the ledger says; tries that do not agree with it yet are remembered here
 * and nowhere else, so that a process that ends has only to try again. Where all is as it was told, nothing is written but how long an answer took.
 */
import pLimit from "p-limit"
import type { CheckConfig } from "#config/checks.js"
import type { CheckStatus } from "#events/check.js"
import type { NewEvent } from "#events/catalog.js"
import { FleetError } from "#kernel/errors.js"
import { type RecordId, type StreamName, newRunId } from "#kernel/ids.js"
import { nearest } from "#kernel/nearest.js"
import { escapeKey } from "#kernel/pointer.js"
import { type Point, type Position, origin } from "#kernel/point.js"
import { type Sleep, sleep as sleepFor } from "#kernel/sleep.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"
import type { Ops } from "#ops/ops.js"
import type { CheckState } from "#projections/checks/read.js"
import type { Line } from "#timeline/resolve.js"
import { type Streak, agree } from "./agree.js"
import type { Asking } from "./asked.js"
import { type Instance, instancesOf } from "./instances.js"
import type { Outcome } from "./outcome.js"
import { tryOnce } from "./try.js"

/** What holds of a check that says nothing else. Times are in ms. */
export interface CheckDefaults {
  readonly every: number
  readonly timeout: number
  readonly retries: number
  readonly together: number
  readonly commands: Readonly<Record<string, readonly string[]>>
}

export interface ChecksPorts extends Line, Pick<Asking, "source"> {
  readonly ops: Pick<Ops, "measurements" | "queries">
  readonly sleep?: Sleep
}

export interface Attempt extends Outcome {
  readonly instance: Instance
  /** As it is told now. */
  readonly standing: CheckStatus
  /** Whether tries speak against that, but not enough of them. */
  readonly isOpen: boolean
  readonly changed: boolean
}

export interface RunRequest {
  readonly actor: string
  readonly signal: AbortSignal
}

export type Checks = ReturnType<typeof openChecks>

/** Of what a check took until it answered. */
export function latencyMetric(name: string): string {
  return `/checks/${escapeKey(name)}/latencyMs`
}

/** Under which its latency is measured: the entity's, where it says something of one. */
export function measuredAs({ id, about }: Pick<CheckState, "id" | "about">): RecordId {
  return about?.id ?? (id as RecordId)
}

/** Between tries that somebody waits for. */
const pauseMs = 1_000

export function openChecks(configured: readonly CheckConfig[], defaults: CheckDefaults, ports: ChecksPorts) {
  const { ledger, views, ops, clock, reached, source, sleep = sleepFor } = ports
  const streaks = new Map<string, Streak>()
  /** The last try of each that is under way: two at once would count as one after the other. */
  const turns = new Map<string, Promise<unknown>>()
  let settled: { readonly position: Position; readonly instances: readonly Instance[] } | undefined

  const here = async (): Promise<Point> => {
    const { position } = await ledger.head()
    await reached(position)
    return { position, time: clock.now() }
  }

  /** Writes what follows from what stands, at exactly the revision that it stood at. @returns whether something did */
  const tell = async (
    id: string,
    decide: (standing: CheckState | undefined) => Pick<NewEvent, "type" | "data"> | undefined,
    actor: string,
  ): Promise<boolean> => {
    const stream = `check-${id}` as StreamName
    return unlessBeaten(async () => {
      const revision = await ledger.revisionOf(stream)
      const { position, time } = await here()
      const event = decide(await views.checks.one(id, position))
      if (event === undefined) return false
      const whole = { ...event, metadata: { actor }, observedAt: time } as NewEvent
      await reached((await ledger.append(stream, revision, [whole], newRunId())).position)
      return true
    })
  }

  const attemptNow = async (instance: Instance, { actor, signal }: RunRequest): Promise<Attempt> => {
    const { id, check, about } = instance
    signal.throwIfAborted()
    const { position, time } = await here()
    const timeoutMs = check.timeout ?? defaults.timeout
    const outcome = await tryOnce(
      instance,
      { views, source, at: position, now: time, timeoutMs, commands: defaults.commands },
      signal,
    )
    if (outcome.latencyMs !== undefined) {
      const values = new Map([[latencyMetric(check.name), outcome.latencyMs]])
      await ops.measurements.record(clock.now(), [{ record: measuredAs(instance), values }])
    }
    const stood = (await views.checks.one(id, (await here()).position))?.status ?? "unknown"
    const { streak, agreed } = agree(stood, streaks.get(id), outcome.status, check.retries ?? defaults.retries)
    if (streak === undefined) streaks.delete(id)
    else streaks.set(id, streak)
    const decide = (standing: CheckState | undefined) => {
      const from = standing?.status ?? "unknown"
      if (from === outcome.status) return undefined
      const said = outcome.detail === undefined ? {} : { detail: outcome.detail }
      const data = { check: check.name, kind: check.kind, about, from, to: outcome.status, ...said }
      return { type: "CheckStatusChanged", data } as const
    }
    const changed = agreed && (await tell(id, decide, actor))
    return { ...outcome, instance, standing: agreed ? outcome.status : stood, isOpen: streak !== undefined, changed }
  }

  const attempt = (instance: Instance, request: RunRequest): Promise<Attempt> => {
    const before = turns.get(instance.id) ?? Promise.resolve()
    const mine = before.then(() => attemptNow(instance, request))
    const over = mine
      .catch(() => undefined)
      .finally(() => {
        if (turns.get(instance.id) === over) turns.delete(instance.id)
      })
    turns.set(instance.id, over)
    return mine
  }

  const instances = async (point: Point, among: readonly CheckConfig[] = configured): Promise<readonly Instance[]> => {
    const all: Instance[] = []
    for (const check of among) all.push(...(await instancesOf(check, ports, point)))
    return all
  }

  /** Those that there are now; what is told of others, which are configured no more or whose entity is not asked for any more, ends. */
  const settle = async (actor: string): Promise<readonly Instance[]> => {
    const point = await here()
    if (settled?.position === point.position) return settled.instances
    const found = await instances(point)
    const ids = new Set(found.map(({ id }) => id))
    for (const { id, name } of await views.checks.at(point.position)) {
      if (ids.has(id)) continue
      const decide = (standing: CheckState | undefined) =>
        standing && ({ type: "CheckEnded", data: { check: name } } as const)
      await tell(id, decide, actor)
    }
    for (const id of streaks.keys()) if (!ids.has(id)) streaks.delete(id)
    settled = { position: point.position, instances: found }
    return found
  }

  return {
    attempt,
    settle,
    /** Between tries, in ms. */
    every: ({ every = defaults.every }: CheckConfig): number => every,
    together: defaults.together,

    /** @throws FleetError `InvalidConfig` for a query that is not understood */
    async understood(): Promise<void> {
      const point = { position: origin, time: clock.now() }
      await instances(point)
    },

    /**
     * Runs all, or those of one name, until each agrees with what is told of it or enough tries have said otherwise.
     * @throws FleetError `NotFound` naming the nearest
     */
    async run(
      name: string | undefined,
      {
        actor,
        signal,
        progress,
      }: RunRequest & { readonly progress: (done: number, total: number, what: string) => void },
    ): Promise<readonly Attempt[]> {
      if (name !== undefined && configured.every((check) => check.name !== name)) throw noCheck(name, configured)
      const wanted = (await settle(actor)).filter(({ check }) => name === undefined || check.name === name)
      const limit = pLimit(defaults.together)
      let done = 0
      progress(0, wanted.length, "checking")
      const one = async (instance: Instance): Promise<Attempt> => {
        const most = 2 * (instance.check.retries ?? defaults.retries) - 1
        let last = await attempt(instance, { actor, signal })
        for (let tries = 1; last.isOpen && tries < most; tries++) {
          await sleep(pauseMs, signal)
          const next = await attempt(instance, { actor, signal })
          last = { ...next, changed: last.changed || next.changed }
        }
        progress(++done, wanted.length, instance.check.name)
        return last
      }
      return Promise.all(wanted.map((instance) => limit(() => one(instance))))
    },
  }
}

function noCheck(name: string, configured: readonly CheckConfig[]): FleetError {
  const names = configured.map((check) => check.name)
  const near = nearest(name, names)
  const some = names.length === 0 ? "none is configured" : `configured are: ${names.slice(0, 20).join(", ")}`
  const hint = near === undefined ? some : `did you mean "${near}"?`
  return new FleetError("NotFound", `there is no check "${name.slice(0, 80)}"; ${hint}`)
}
