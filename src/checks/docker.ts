/** Whether a container is as it should be, by what its engine says of it now. */
import type { ContainerState } from "#discovery/observation.js"
import { type Outcome, failing, passing, unknown } from "./outcome.js"

export function judgeContainer(state: ContainerState | undefined): Outcome {
  if (state === undefined) return unknown("its container is there no more; the next look finds what took its place")
  const { status, exit, health, said } = state
  if (status !== "running") {
    const code = exit === null ? "" : `, and ended with ${exit}`
    return failing(`its container is ${status}${code}`)
  }
  if (health === null || health === "healthy") return passing
  if (health === "starting") return unknown("its container is starting, and not healthy yet")
  return failing(`its container is ${health}${said === null ? "" : `: ${said}`}`)
}
