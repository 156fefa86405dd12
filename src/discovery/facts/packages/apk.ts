/** What Alpine's apk has installed: paragraphs of `<letter>:<value>`, P the name, V the version and A the architecture (apk-db(5)). */
import type { JsonObject } from "#kernel/json.js"
import { packageItems } from "./items.js"

export function apkPackages(installed: string): JsonObject {
  const packages = installed.split("\n\n").map((paragraph) => ({
    name: field(paragraph, "P"),
    version: field(paragraph, "V"),
    architecture: field(paragraph, "A"),
  }))
  return packageItems(
    packages.filter(({ name }) => name !== ""),
    "apk-tools",
    "noarch",
  )
}

function field(paragraph: string, letter: string): string {
  return new RegExp(`^${letter}:(.*)$`, "m").exec(paragraph)?.[1]?.trim() ?? ""
}
