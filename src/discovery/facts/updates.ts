/** What an update would bring, and what the last one has left to do. */
import { type Facts, answer, factsOf } from "./answer.js"
import type { Materials } from "./material.js"
import { pendingUpdates } from "./pending.js"

export function updatesFacts(materials: Materials): Facts {
  return factsOf("updates", {
    rebootRequired: answer(materials["reboot-required"], (text) => text.trim() === "yes"),
    pending: pendingUpdates(materials),
  })
}
