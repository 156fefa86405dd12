/** How a container is, asked of its engine at once and not by a look. */
import { FleetError } from "#kernel/errors.js"
import { foreignText } from "../../facts/foreign.js"
import type { ContainerState } from "../../observation.js"
import type { Engine } from "./engine.js"
import { countAt, itemsAt, textAt } from "./json.js"

/** @returns undefined where there is none of that id @throws FleetError `SourceUnavailable` */
export async function containerState(engine: Engine, id: string): Promise<ContainerState | undefined> {
  const reply = await engine.ask((docker, { abortSignal }) => docker.getContainer(id).inspect({ abortSignal }))
  if ("gone" in reply) return undefined
  if ("why" in reply) throw new FleetError("SourceUnavailable", `${engine.address}: ${reply.why}`)
  const health = textAt(reply.json, "State", "Health", "Status")
  const output = textAt(itemsAt(reply.json, "State", "Health", "Log").at(-1) ?? null, "Output") ?? ""
  const line = output.split("\n").find((each) => each.trim() !== "")
  return {
    status: textAt(reply.json, "State", "Status") ?? "unknown",
    exit: countAt(reply.json, "State", "ExitCode"),
    // An engine says "none" of those that have no health check.
    health: health === null || health === "none" || health === "" ? null : foreignText(health),
    said: line === undefined ? null : foreignText(line.trim()),
  }
}
