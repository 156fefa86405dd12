/** Trying a check once. */
import type { CheckConfig, HttpCheck, TcpCheck } from "#config/checks.js"
import type { TargetDocument } from "#events/facets/target.js"
import type { Instant } from "#kernel/clock.js"
import { messageOf } from "#kernel/errors.js"
import { targetOf } from "#timeline/entity.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { type Asking, containersOf, runnerOf } from "./asked.js"
import { judgeCommand } from "./command.js"
import { judgeContainer } from "./docker.js"
import { askHttp } from "./http.js"
import type { Instance } from "./instances.js"
import { judgeHttp } from "./judge-http.js"
import { type Outcome, failing, networkFailure, passing, unknown } from "./outcome.js"
import { type Known, filled, knownOf } from "./place.js"
import { judgeUnit, systemdQuestion } from "./systemd.js"
import { connectTcp } from "./tcp.js"
import { endsTooSoon } from "./tls.js"

export interface Trying extends Asking {
  readonly now: Instant
  readonly timeoutMs: number
  /** Programs that may be run, by name. */
  readonly commands: Readonly<Record<string, readonly string[]>>
}

/** Connecting to a machine that is asked is none of the time that an answer may take. */
const connectingMs = 15_000

/** What became of it; only the signal's reason is thrown. */
export async function tryOnce({ check, about }: Instance, trying: Trying, signal: AbortSignal): Promise<Outcome> {
  const asked = await questionOf(check, about, trying)
  if ("status" in asked) return asked
  const isOurs = check.kind === "http" || check.kind === "tcp"
  const late = AbortSignal.timeout(trying.timeoutMs + (isOurs ? 0 : connectingMs))
  const started = performance.now()
  try {
    const outcome = await asked.ask(AbortSignal.any([signal, late]))
    return { ...outcome, latencyMs: Math.round((performance.now() - started) * 10) / 10 }
  } catch (error) {
    signal.throwIfAborted()
    if (late.aborted) return failing(`it does not answer within ${trying.timeoutMs / 1_000} s`)
    // Whoever was to be asked was not, which says nothing of what it is about.
    return isOurs ? networkFailure(error) : unknown(messageOf(error))
  }
}

interface Question {
  ask(signal: AbortSignal): Promise<Outcome>
}

/** @returns why it cannot be asked, where it cannot */
async function questionOf(check: CheckConfig, about: Instance["about"], trying: Trying): Promise<Question | Outcome> {
  const { now, timeoutMs, commands } = trying
  const seconds = Math.ceil(timeoutMs / 1_000)
  switch (check.kind) {
    case "http": {
      const place = await placeOf(check.url, about, trying)
      if (typeof place !== "string") return place
      if (!URL.canParse(place)) return unknown("what is known of it makes no address")
      return { ask: (signal) => tryHttp(place, check, now, signal) }
    }
    case "tcp": {
      const place = await placeOf(check.address, about, trying)
      if (typeof place !== "string") return place
      return { ask: (signal) => tryTcp(place, check, now, signal) }
    }
    case "docker": {
      const read = await containersOf(about, trying)
      const id = await containerOf(about, trying)
      if (read === undefined || id === undefined) return unknown("no source here can ask an engine for it")
      return { ask: async (signal) => judgeContainer(await read(id, signal)) }
    }
    case "systemd": {
      const unit = await placeOf(check.unit, about, trying)
      if (typeof unit !== "string") return unit
      const run = await runnerOf(about, trying)
      if (run === undefined) return unreached
      return { ask: async (signal) => judgeUnit(await run(systemdQuestion(unit), seconds, signal)) }
    }
    case "command": {
      const [argv, run] = [commands[check.command], await runnerOf(about, trying)]
      if (argv === undefined || run === undefined) return unreached
      return { ask: async (signal) => judgeCommand(await run(argv, seconds, signal), check.expect, seconds) }
    }
  }
}

const unreached = unknown("no source here can run anything on its machine")

async function placeOf(template: string, about: Instance["about"], trying: Trying): Promise<string | Outcome> {
  const place = filled(template, await known(about, trying))
  return "missing" in place ? unknown(`nothing is known of it to put in the place of {${place.missing}}`) : place.place
}

async function containerOf(about: Instance["about"], { views, at }: Trying): Promise<string | undefined> {
  const record = about === null ? undefined : await views.inventory.record(about.id)
  const id = record && (await views.inventory.value(record.no, "/container/id", at))
  return typeof id === "string" ? id : undefined
}

async function tryHttp(url: string, check: HttpCheck, now: Instant, signal: AbortSignal): Promise<Outcome> {
  return judgeHttp(await askHttp(url, check, signal), check.expect, now)
}

async function tryTcp(address: string, check: TcpCheck, now: Instant, signal: AbortSignal): Promise<Outcome> {
  const { validUntil } = await connectTcp(address, check, signal)
  const soon = check.tls && endsTooSoon(validUntil, check.expect.certificateDays, now)
  return soon === undefined ? passing : failing(soon)
}

async function known(about: Instance["about"], { views, at }: Trying): Promise<Known> {
  if (about === null) return {}
  const record = await views.inventory.record(about.id)
  const under = record && (await views.inventory.record(record.targetId))
  if (record === undefined || under === undefined) return {}
  const machine = await targetOf(views, under, at)
  const records = await recordsOfTarget(views, machine.id, at)
  const target = (await documentOfTarget(views, records, at, [
    "identity",
    "access",
    "network",
  ])) as unknown as TargetDocument
  if (about.kind === "target") return knownOf(target)
  const service = await views.inventory.document(record.no, at, ["identity", "config"])
  return knownOf(target, service)
}
