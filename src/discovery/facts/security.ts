/** Whether what protects a machine is switched on. */
import type { Json, JsonObject } from "#kernel/json.js"
import { type Facts, answer, factsOf } from "./answer.js"
import { foreignLine, foreignNames, foreignText } from "./foreign.js"
import type { Materials } from "./material.js"

/** What to ask sshd for. Nothing of it is a secret, and nothing changes by itself. */
export const sshdSettings = [
  "port",
  "permitrootlogin",
  "passwordauthentication",
  "pubkeyauthentication",
  "kbdinteractiveauthentication",
  "permitemptypasswords",
  "maxauthtries",
  "allowtcpforwarding",
  "x11forwarding",
] as const

export function securityFacts(materials: Materials): Facts {
  return factsOf("security", {
    firewall: answer(materials.firewall, foreignLine),
    selinux: answer(materials.selinux, oneOf({ "0": "permissive", "1": "enforcing" })),
    apparmor: answer(materials.apparmor, oneOf({ N: "disabled", Y: "enabled" })),
    auditd: answer(materials.audit, oneOf({ running: "running", stopped: "stopped" })),
    sshd: answer(materials.sshd, settings),
    readableKeys: answer(materials["readable-keys"], (text) =>
      foreignNames(
        "key",
        text.split("\n").filter((name) => name !== ""),
      ),
    ),
  })
}

function oneOf(words: Readonly<Record<string, string>>): (text: string) => Json {
  const known = new Map(Object.entries(words))
  return (text) => known.get(text.trim()) ?? null
}

/** One that is given more than once (`port`) has all its values. */
function settings(text: string): JsonObject {
  const values = new Map<string, string[]>()
  for (const line of text.split("\n")) {
    const [name = "", ...words] = line.trim().split(" ")
    if (sshdSettings.some((setting) => setting === name))
      values.set(name, [...(values.get(name) ?? []), words.join(" ")])
  }
  return Object.fromEntries(
    [...values].map(([name, all]) => [`sshd:${name}`, { value: foreignText(all.sort().join(", ")) }]),
  )
}
