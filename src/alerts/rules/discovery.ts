/** Sources that fail, see nothing, or miss so much at once that it is not believed. */
import type { Coverage } from "#events/source.js"
import { type Rule, titled } from "../rule.js"

export const discoveryFailing: Rule = {
  name: "discovery-failing",
  types: ["DiscoveryFailed", "DiscoveryCompleted"],
  async judge(event) {
    if (event.type !== "DiscoveryFailed" && event.type !== "DiscoveryCompleted") return []
    const { source } = event.data
    const about = { kind: "source", name: source } as const
    if (event.type === "DiscoveryCompleted") return [{ is: "right", about }]
    // Somebody cut it off.
    if (event.data.code === "Interrupted") return []
    const title = titled(`"${source}" could not be looked at: ${event.data.message}`)
    return [{ is: "wrong", about, severity: "warning", title }]
  },
}

export const discoveryBlind: Rule = {
  name: "discovery-blind",
  types: ["DiscoveryCompleted"],
  async judge(event) {
    if (event.type !== "DiscoveryCompleted") return []
    const { source, coverage } = event.data
    const about = { kind: "source", name: source } as const
    const [why] = unseen(coverage)
    if (why === undefined) return [{ is: "right", about }]
    const title = titled(`looks at "${source}" see nothing: ${why}`)
    return [{ is: "wrong", about, severity: "warning", title }]
  },
}

/** Why nothing was seen; nothing where something was. */
function unseen({ looked, notLooked, targets = [], others }: Coverage): readonly string[] {
  const parts = [{ looked, notLooked }, ...targets, ...(others === undefined ? [] : [others])]
  if (parts.some((part) => Object.keys(part.looked).length > 0)) return []
  return parts.flatMap((part) => Object.values(part.notLooked))
}

export const massAbsence: Rule = {
  name: "mass-absence",
  types: ["DiscoveryCompleted"],
  async judge(event) {
    if (event.type !== "DiscoveryCompleted") return []
    const { source, coverage } = event.data
    const about = { kind: "source", name: source } as const
    const { held } = coverage
    if (held === undefined) return [{ is: "right", about }]
    const title = `${held} machines of "${source}" are missing at once; none was retired until somebody says that they are gone`
    return [{ is: "wrong", about, severity: "critical", title: titled(title) }]
  },
}
