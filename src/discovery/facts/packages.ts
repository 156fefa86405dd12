/**
 * What is installed, from the database of the machine's package manager: the first there is of dpkg, rpm, apk and pacman. One that may not
 * be read is not passed over: what another one knows would be another answer.
 */
import type { JsonObject } from "#kernel/json.js"
import type { Facts } from "./answer.js"
import type { MaterialName, Materials } from "./material.js"
import { apkPackages } from "./packages/apk.js"
import { dpkgPackages } from "./packages/dpkg.js"
import { pacmanPackages } from "./packages/pacman.js"
import { rpmPackages } from "./packages/rpm.js"

const databases: readonly (readonly [MaterialName, (text: string) => JsonObject])[] = [
  ["dpkg-status", dpkgPackages],
  ["rpm-packages", rpmPackages],
  ["apk-installed", apkPackages],
  ["pacman-local", pacmanPackages],
]

export function packagesFacts(materials: Materials): Facts {
  for (const [name, understand] of databases) {
    const database = materials[name]
    if ("text" in database) return { fields: understand(database.text), notLooked: {} }
    if ("denied" in database) return { fields: undefined, notLooked: { "/packages": database.denied } }
  }
  return { fields: undefined, notLooked: { "/packages": "no package database" } }
}
