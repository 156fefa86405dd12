/** Whether a unit is as it should be, by what systemd says of it. */
import type { Ran } from "#discovery/observation.js"
import { type Outcome, failing, passing, unknown } from "./outcome.js"

export function systemdQuestion(unit: string): readonly string[] {
  return ["systemctl", "show", "--no-pager", "--property=LoadState,ActiveState,SubState,Result", "--", unit]
}

export function judgeUnit({ exit, said }: Ran): Outcome {
  const properties = new Map(said.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]))
  const [load, active] = [properties.get("LoadState"), properties.get("ActiveState")]
  if (exit !== 0 || active === undefined) return unknown(said[0] ?? `systemctl ends with ${exit}`)
  if (load === "not-found") return failing("there is no such unit")
  const state = `${active} (${properties.get("SubState") ?? "?"})`
  switch (active) {
    case "active":
    case "reloading":
      return passing
    case "activating":
      return unknown(`it is ${state}`)
    default: {
      const result = properties.get("Result") ?? "success"
      return failing(`it is ${state}${result === "success" ? "" : `: ${result}`}`)
    }
  }
}
