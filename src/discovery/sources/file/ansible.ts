/**
 * What an Ansible inventory says, in whichever way it is written: hosts, in which groups they are, and how they are reached. Of variables only three are
 * taken, as others hold passwords; and those of groups are left out, since which of them counts is Ansible's to say.
 */
import * as net from "node:net"
import type { Json, JsonObject } from "#kernel/json.js"
import { foreignCount, foreignNames, foreignText } from "../../facts/foreign.js"
import { type Inventory, type StatedHost, wrong } from "./stated.js"
import { isMapping } from "./yaml.js"

/** More is a slip in a range, or hostile. */
const mostHosts = 10_000
const mostGroups = 2_000

/** Groups that Ansible makes by itself. */
const implied = new Set(["all", "ungrouped"])

type Variables = Record<string, unknown>

export class AnsibleInventory {
  readonly #groupsOf = new Map<string, Set<string>>()
  readonly #reached = new Map<string, Record<string, Json>>()
  readonly #parentsOf = new Map<string, Set<string>>()

  /** @param where `file:line`, for the error when it is one too many */
  host(name: string, group: string, where: string): void {
    this.group(group, where)
    const groups = this.#groupsOf.get(name)
    if (groups !== undefined) groups.add(group)
    else if (this.#groupsOf.size < mostHosts) this.#groupsOf.set(name, new Set([group]))
    else throw wrong(where, `there are more than ${mostHosts} hosts`)
  }

  group(name: string, where: string): void {
    if (this.#parentsOf.has(name)) return
    if (this.#parentsOf.size === mostGroups) throw wrong(where, `there are more than ${mostGroups} groups`)
    this.#parentsOf.set(name, new Set())
  }

  child(name: string, parent: string, where: string): void {
    this.group(name, where)
    this.group(parent, where)
    this.#parentsOf.get(name)?.add(parent)
  }

  /** Keeps what is ours of a host's variables. */
  variables(name: string, { ansible_host, ansible_port, ansible_user }: Variables): void {
    const reached = this.#reached.get(name) ?? {}
    this.#reached.set(name, reached)
    const [address, port, user] = [plain(ansible_host), foreignCount(plain(ansible_port)), plain(ansible_user)]
    if (address !== undefined) reached["address"] = foreignText(address)
    if (port !== null) reached["port"] = port
    if (user !== undefined) reached["user"] = foreignText(user)
  }

  inventory(): Inventory {
    const ancestors = new Map<string, ReadonlySet<string>>()
    for (const group of this.#parentsOf.keys()) ancestors.set(group, this.#ancestors(group))
    const hosts = [...this.#groupsOf].map(([name, groups]): StatedHost => {
      const all = new Set([...groups].flatMap((group) => [...(ancestors.get(group) ?? [])]))
      const access = this.#reached.get(name) ?? {}
      return { name, addresses: addressesOf(name, access), labels: { groups: foreignNames("group", all) }, access }
    })
    return { hosts, listsServices: false }
  }

  /** The group and all that it is in, a child of its own child among them. */
  #ancestors(group: string): ReadonlySet<string> {
    const found = new Set([group])
    for (const known of found) for (const parent of this.#parentsOf.get(known) ?? []) found.add(parent)
    return new Set([...found].filter((name) => !implied.has(name)))
  }
}

/** A template says something only to Ansible; what came from elsewhere it wraps, so that it is not taken for one. */
function plain(given: unknown): string | undefined {
  const value = isMapping(given) ? given["__ansible_unsafe"] : given
  if (typeof value === "number") return String(value)
  return typeof value === "string" && value !== "" && !value.includes("{{") ? value : undefined
}

function addressesOf(name: string, { address }: JsonObject): string[] {
  return [typeof address === "string" ? address : name].filter((text) => net.isIP(text) !== 0)
}
