/** What runs on one of several hosts is called by the host's name too: several have an nginx. */
import * as crypto from "node:crypto"
import type { Observation } from "../../observation.js"

export function onHost(alias: string, observation: Observation): Observation {
  return { ...observation, nativeKey: bounded(`${alias}/${observation.nativeKey}`), on: alias }
}

/** Keys are kept as far as 1,024; whoever has a longer one must not spoil the look at all the others. */
function bounded(key: string): string {
  if (key.length <= 1_024) return key
  return `${key.slice(0, 900).toWellFormed()}…${crypto.createHash("sha256").update(key).digest("hex")}`
}
