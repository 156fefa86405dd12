/** The keys of an SSH server by their fingerprints, as `ssh-keygen -l` prints them: what known_hosts of its clients hold. */
import { createHash } from "node:crypto"
import type { JsonObject } from "#kernel/json.js"
import { foreignText } from "./foreign.js"

export function hostKeys(publicKeys: string): JsonObject {
  const items: Record<string, JsonObject> = {}
  for (const line of publicKeys.split("\n")) {
    const [type = "", key = ""] = line.split(" ")
    if (type === "" || !/^[A-Za-z0-9+/]+=*$/.test(key)) continue
    const hash = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "")
    items[`hostkey:${foreignText(type)}`] = { fingerprint: `SHA256:${hash}` }
  }
  return items
}
