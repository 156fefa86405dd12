/**
 * What a dynamic inventory of Ansible's prints (https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html): variables of all hosts under `_meta`,
 * and groups by role, tag, operating system and stack. A name or a value that a machine gave itself is never a template there.
 */
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import type { Entity } from "#projections/entities/read.js"
import type { TargetSummary } from "#projections/entities/summary.js"
import { type Asked, documentOfEntity, entitiesOf, machinesOf } from "./entries.js"

export async function* ansible(asked: Asked): AsyncGenerator<string> {
  const stacks = await stacksOf(asked)
  const groups = new Map<string, string[]>()
  const taken = new Set<string>()
  yield '{"_meta":{"hostvars":{'
  let between = "\n"
  for await (const target of entitiesOf(asked, "target")) {
    const host = hostName(target, taken)
    const { access, os } = await documentOfEntity(asked, target, ["access", "os"])
    yield `${between}${JSON.stringify(host)}:${JSON.stringify(variablesOf(target, access))}`
    between = ",\n"
    const names = groupsOf(target, os, stacks.get(target.id) ?? [])
    for (const name of names.length === 0 ? ["ungrouped"] : names) {
      const hosts = groups.get(name)
      if (hosts === undefined) groups.set(name, [host])
      else hosts.push(host)
    }
  }
  const children = [...new Set(["ungrouped", ...groups.keys()])]
  yield `\n}},\n"all":${JSON.stringify({ children })}`
  for (const [name, hosts] of groups) yield `,\n${JSON.stringify(name)}:${JSON.stringify({ hosts })}`
  yield "\n}\n"
}

/** Names of the stacks on each machine, whatever the filter says of stacks. */
async function stacksOf({ conditions: _, ...asked }: Asked): Promise<ReadonlyMap<string, readonly string[]>> {
  const all = { ...asked, conditions: new Map() }
  const machineOf = machinesOf(all)
  const found = new Map<string, string[]>()
  for await (const stack of entitiesOf(all, "stack")) {
    const id = (await machineOf(stack))?.id ?? ""
    found.set(id, [...(found.get(id) ?? []), stack.name])
  }
  return found
}

/** Two machines of one name are two hosts. */
function hostName({ name, id }: Entity, taken: Set<string>): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}._:-]/gu, "_")
  const host = plain === "" || taken.has(plain) ? `${plain}-${id}` : plain
  taken.add(host)
  return host
}

function variablesOf(target: Entity, access: Json | undefined): JsonObject {
  const { addresses } = target.summary as TargetSummary
  const { method, address, port, user } = isObject(access) ? access : {}
  const isSsh = method === undefined || method === null || method === "ssh"
  const [first] = addresses
  const host = (isSsh ? address : undefined) ?? first?.replace(/\/\d+$/, "")
  return Object.fromEntries(
    Object.entries({
      ansible_host: host,
      ...(isSsh ? { ansible_port: port, ansible_user: user } : {}),
      fleet_ledger_id: target.id,
      fleet_ledger_name: target.name,
      fleet_ledger_role: target.role,
      fleet_ledger_environment: target.environment,
      fleet_ledger_os: target.os,
      fleet_ledger_status: target.status,
      fleet_ledger_tags: target.tags,
    }).flatMap(([name, value]) => (value === undefined || value === null ? [] : [[name, unsafe(value)]])),
  )
}

/** Ansible's own mark for text that is to be taken as it is. */
function unsafe(value: Json): Json {
  if (Array.isArray(value)) return value.map(unsafe)
  return typeof value === "string" && /\{[{%#]/.test(value) ? { __ansible_unsafe: value } : value
}

function groupsOf({ role, tags, environment }: Entity, os: Json | undefined, stacks: readonly string[]): string[] {
  const { id, version } = isObject(os) ? os : {}
  const named = [
    group("role", role),
    group("environment", environment),
    group("os", id),
    ...(typeof id === "string" && typeof version === "string" ? [group("os", `${id}_${version}`)] : []),
    ...tags.map((tag) => group("tag", tag)),
    ...stacks.map((stack) => group("stack", stack)),
  ]
  return [...new Set(named.filter((name) => name !== undefined))]
}

/** Groups are called as variables are: letters, digits and underscores. */
function group(prefix: string, name: Json | undefined): string | undefined {
  return typeof name === "string" && name !== "" ? `${prefix}_${name.replaceAll(/[^A-Za-z0-9_]/g, "_")}` : undefined
}
