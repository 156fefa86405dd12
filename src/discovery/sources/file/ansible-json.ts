/** What `ansible-inventory --list`, or a script that stands for an inventory, prints. */
import { messageOf } from "#kernel/errors.js"
import { AnsibleInventory } from "./ansible.js"
import { type Inventory, wrong } from "./stated.js"
import { isMapping } from "./yaml.js"

/** @throws FleetError `SourceUnavailable`, naming the line as far as there is one */
export function ansibleJson(text: string, file: string): Inventory {
  const groups = parse(text, file)
  if (!isMapping(groups)) throw wrong(file, "it must hold groups by their names")
  const inventory = new AnsibleInventory()
  for (const [name, value] of Object.entries(groups)) {
    if (name === "_meta") continue
    // A list alone is one of hosts.
    const group = Array.isArray(value) ? { hosts: value } : value
    if (!isMapping(group)) throw wrong(file, `the group "${name}" must hold hosts or children`)
    inventory.group(name, file)
    for (const host of names(group["hosts"], name, file)) inventory.host(host, name, file)
    for (const child of names(group["children"], name, file)) inventory.child(child, name, file)
  }
  const meta = groups["_meta"]
  const variables = isMapping(meta) && isMapping(meta["hostvars"]) ? meta["hostvars"] : {}
  for (const [host, own] of Object.entries(variables)) {
    inventory.host(host, "ungrouped", file)
    if (isMapping(own)) inventory.variables(host, own)
  }
  return inventory.inventory()
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const position = Number(/position (\d+)/.exec(messageOf(error))?.[1] ?? text.length)
    // What it says besides quotes the file, which may hold passwords.
    throw wrong(`${file}:${text.slice(0, position).split("\n").length}`, "it is not JSON from here on")
  }
}

function names(value: unknown, group: string, file: string): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value
  throw wrong(file, `the hosts and children of "${group}" must be lists of names`)
}
