/** Whether a container runs, and whether it is what a person calls a service. */
import type { ServiceStatus } from "#events/facets/service.js"
import type { Json } from "#kernel/json.js"
import { deploymentOf, isOneOff } from "./deployment.js"
import { at, countAt, flagAt, textAt, timeAt } from "./json.js"

/** The longest that an engine waits before it restarts a container. One that has been up for as long has come to stay. */
const settledMs = 60_000
/** A job is done sooner. */
const lastingMs = 600_000
/** 128 + SIGINT, SIGKILL, SIGTERM: how it ends when somebody stops it. */
const stopped = new Set([130, 137, 143])

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
 * those are that run, that failed while nobody watched, or that have run for ten minutes: what did its work and ended is a job. So is what
 * was started for one command (`compose run`), or to be removed at its end (`--rm`) until it has lasted as long.
 */
export function isService(inspected: Json, now: number): boolean {
  const labels = at(inspected, "Config", "Labels")
  if (isOneOff(labels)) return false
  if (deploymentOf(labels) !== undefined) return true
  if (restartPolicyOf(inspected) !== "no") return true
  const hasLasted = upFor(inspected, now) >= lastingMs
  if (flagAt(inspected, "HostConfig", "AutoRemove") === true) return hasLasted
  if (flagAt(inspected, "State", "Running") === true) return true
  const watched = flagAt(inspected, "Config", "AttachStdout") === true
  return hasLasted || (!watched && statusOf(inspected, now) === "failed")
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
