/** Ansible's YAML: groups with their `hosts`, `children` and `vars`, in one another. */
import { AnsibleInventory } from "./ansible.js"
import { expandRanges } from "./ranges.js"
import { type Inventory, wrong } from "./stated.js"
import { type Yaml, isMapping } from "./yaml.js"

const mostAtOnce = 10_000
const deepest = 100

/** @throws FleetError `SourceUnavailable` naming the line */
export function ansibleYaml(yaml: Yaml): Inventory {
  const inventory = new AnsibleInventory()
  const groups = mapping(yaml, yaml.value, [])
  for (const name of Object.keys(groups)) addGroup(inventory, yaml, name, groups[name], [name])
  return inventory.inventory()
}

function addGroup(
  inventory: AnsibleInventory,
  yaml: Yaml,
  name: string,
  value: unknown,
  path: readonly string[],
): void {
  const where = yaml.at(path)
  if (path.length > 2 * deepest) throw wrong(where, "groups lie too deep in one another")
  inventory.group(name, where)
  const group = mapping(yaml, value, path)
  const odd = Object.keys(group).find((key) => !/^(?:hosts|children|vars)$/.test(key))
  if (odd !== undefined) throw wrong(yaml.at([...path, odd]), `a group has hosts, children and vars, and no "${odd}"`)
  for (const [pattern, variables] of Object.entries(mapping(yaml, group["hosts"], [...path, "hosts"]))) {
    const hosts = expandRanges(pattern, mostAtOnce)
    if (hosts === undefined)
      throw wrong(
        yaml.at([...path, "hosts", pattern]),
        `the range in "${pattern}" makes no sense, or more than ${mostAtOnce} hosts`,
      )
    for (const host of hosts) {
      inventory.host(host, name, where)
      inventory.variables(host, isMapping(variables) ? variables : {})
    }
  }
  for (const [child, inner] of Object.entries(mapping(yaml, group["children"], [...path, "children"]))) {
    const below = [...path, "children", child]
    inventory.child(child, name, where)
    addGroup(inventory, yaml, child, inner, below)
  }
}

/** What is not said has nothing in it. */
function mapping(yaml: Yaml, value: unknown, path: readonly string[]): Record<string, unknown> {
  if (value === undefined || value === null) return {}
  if (isMapping(value)) return value
  throw wrong(yaml.at(path), `"${path.join(".") || "it"}" must hold names with a colon after each`)
}
