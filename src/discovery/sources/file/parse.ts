/** In which of the formats an inventory is. */
import { ansibleIni } from "./ansible-ini.js"
import { ansibleJson } from "./ansible-json.js"
import { ansibleYaml } from "./ansible-yaml.js"
import { ownInventory } from "./own.js"
import type { Inventory } from "./stated.js"
import { parseYaml } from "./yaml.js"

/** @param file its name, for errors. @throws FleetError `SourceUnavailable` naming the line */
export function parseInventory(text: string, file: string): Inventory {
  const content = text.replace(/^\uFEFF/, "")
  const first = firstLine(content)
  if (first.startsWith("{")) return ansibleJson(content, file)
  if (!isYaml(first)) return ansibleIni(content, file)
  const yaml = parseYaml(content, file)
  // A group of Ansible's would not be called so: the word stands within each of them.
  return yaml.has("hosts") ? ownInventory(yaml) : ansibleYaml(yaml)
}

/** The first line that is no comment in any of the formats. */
function firstLine(content: string): string {
  for (const line of content.split("\n")) {
    const said = line.trim()
    if (said !== "" && !said.startsWith("#") && !said.startsWith(";")) return said
  }
  return ""
}

/** A key with its colon, an item of a list, or where a document begins or says how it is to be read. */
function isYaml(line: string): boolean {
  return /^(?:---|%YAML|-\s)/.test(line) || (!line.startsWith("[") && /:(?:\s|$)/.test(line))
}
