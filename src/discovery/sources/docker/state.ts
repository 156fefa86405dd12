/** Whether a container runs, and whether it is what a person calls a service. */
import type { ServiceStatus } from "#events/facets/service.js"
import type { Json } from "#kernel/json.js"
import { deploymentOf, isOneOff } from "./deployment.js"
import { at, countAt, flagAt, textAt, timeAt } from "./json.js"

/** The longest that an engine waits before it restarts a container. One that has been up for as long has come to stay. */
const settledMs = 60_000
/** A job is done sooner. */
const lastingMs = 600_000
/** Whoever starts a container to be removed at its end (`--rm`) expects that it ends: so is done what a night has to do, mostly. */
const lastingUnlessRemovedMs = 3_600_000
/** 128 + SIGINT, SIGKILL, SIGTERM: how it ends when somebody stops it. */
const stopped = new Set([130, 137, 143])

/** Nothing while it is being started: somebody puts it in the place of another one, and a look that came in between would tell that it stopped. */
export function stateOf(inspected: Json, now: number): { readonly status?: ServiceStatus } {
  const isBeingStarted = textAt(inspected, "State", "Status") === "created" && ageOf(inspected, now) < settledMs
  return isBeingStarted ? {} : { status: statusOf(inspected, now) }
}

/**
 * A container that its engine has to restart again and again would be found running one time and waiting the next. It has failed until it
 * has been up for a minute, so that it does not write an event for each restart.
 */
export function statusOf(inspected: Json, now: number): ServiceStatus {
  switch (textAt(inspected, "State", "Status")) {
    case "running":
      return isSettled(inspected, now) ? "running" : "failed"
    case "restarting":
    case "dead":
      return "failed"
    case "paused":
      return "stopped"
    case "created":
    case "exited":
      return hasFailed(inspected) ? "failed" : "stopped"
    default:
      return "unknown"
  }
}

/**
 * Whatever Compose or a swarm has deployed, and whatever its engine keeps running, is a service, whether it runs or not. Of other containers
 * those are that run, that failed while nobody watched, or that have run for ten minutes: what did its work and ended is a job. One that nobody
 * gave a name has to have lasted as long in any case, and one that is to be removed at its end (`--rm`) for an hour, unless another of its name
 * has. No service are what was started for one command (`compose run`) or one run of a CI job or test, and the containers in which a Dockerfile
 * is built.
 *
 * @param hasLasted whether a container that was to be removed at its end was a service under the same name: systemd's units start theirs so, each time a new one
 */
export function isService(inspected: Json, now: number, hasLasted: boolean): boolean {
  const labels = at(inspected, "Config", "Labels")
  if (isOneOff(labels) || isBuildStep(inspected)) return false
  if (deploymentOf(labels) !== undefined) return true
  if (restartPolicyOf(inspected) !== "no") return true
  const age = ageOf(inspected, now)
  if (isRemovedAtItsEnd(inspected)) return hasLasted || age >= lastingUnlessRemovedMs
  if (isUnnamed(inspected)) return age >= lastingMs
  if (flagAt(inspected, "State", "Running") === true) return true
  const watched = flagAt(inspected, "Config", "AttachStdout") === true
  return age >= lastingMs || (!watched && statusOf(inspected, now) === "failed")
}

export function isRemovedAtItsEnd(inspected: Json): boolean {
  return flagAt(inspected, "HostConfig", "AutoRemove") === true
}

/** The classic builder runs each step in a container of the image that the one before has made, and takes its output itself. */
function isBuildStep(inspected: Json): boolean {
  const isOfStep = /^sha256:[0-9a-f]{64}$/.test(textAt(inspected, "Config", "Image") ?? "")
  return isOfStep && textAt(inspected, "HostConfig", "LogConfig", "Type") === "none"
}

/** An adjective and a surname, as an engine calls what nobody has named (`wizardly_kowalevski`). Whoever names one `my_app` waits ten minutes for it. */
function isUnnamed(inspected: Json): boolean {
  return /^\/[a-z]+_[a-z]+\d?$/.test(textAt(inspected, "Name") ?? "")
}

/** `no`, `always`, `on-failure:3`. */
export function restartPolicyOf(inspected: Json): string {
  const name = textAt(inspected, "HostConfig", "RestartPolicy", "Name") ?? "no"
  const most = countAt(inspected, "HostConfig", "RestartPolicy", "MaximumRetryCount") ?? 0
  return most > 0 ? `${name}:${most}` : name
}

function isSettled(inspected: Json, now: number): boolean {
  const restarts = countAt(inspected, "RestartCount") ?? 0
  return restarts === 0 || upFor(inspected, now) >= settledMs
}

/** How long it has been there, restarts or not; of one that has ended, how long it was up the last time. */
function ageOf(inspected: Json, now: number): number {
  const created = timeAt(inspected, "Created")
  const hasEnded =
    timeAt(inspected, "State", "FinishedAt") !== undefined && flagAt(inspected, "State", "Running") !== true
  return hasEnded || created === undefined ? upFor(inspected, now) : now - created
}

/** How long it has been up, or was up the last time. */
function upFor(inspected: Json, now: number): number {
  const started = timeAt(inspected, "State", "StartedAt")
  if (started === undefined) return 0
  const ended = flagAt(inspected, "State", "Running") === true ? now : timeAt(inspected, "State", "FinishedAt")
  return (ended ?? started) - started
}

function hasFailed(inspected: Json): boolean {
  const code = at(inspected, "State", "ExitCode")
  if (flagAt(inspected, "State", "OOMKilled") === true) return true
  return typeof code === "number" && code !== 0 && !stopped.has(code)
}
