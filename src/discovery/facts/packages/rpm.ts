/** What rpm has installed. Of a kernel there are several versions at once: they are the package's version together. */
import type { JsonObject } from "#kernel/json.js"
import { type Package, packageItems } from "./items.js"

/** Keys that signatures are checked by are kept as packages. */
const publicKeys = "gpg-pubkey"

export function rpmPackages(listed: string): JsonObject {
  const packages = new Map<string, Package>()
  for (const line of listed.split("\n").sort()) {
    const [name = "", evr = "", architecture] = line.split("\t")
    if (architecture === undefined || name === publicKeys) continue
    // No epoch is one of 0 (rpm-version(7)), and nobody writes that.
    const version = evr.replace(/^(?:0|\(none\)):/, "")
    const other = packages.get(`${name}\t${architecture}`)
    packages.set(`${name}\t${architecture}`, {
      name,
      version: other === undefined ? version : `${other.version}, ${version}`,
      architecture,
    })
  }
  return packageItems([...packages.values()], "rpm", "noarch")
}
