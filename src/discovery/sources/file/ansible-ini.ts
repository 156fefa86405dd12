/** Ansible's INI: hosts under `[group]`, groups under `[group:children]`, and variables of groups, which are passed over. */
import * as net from "node:net"
import { AnsibleInventory } from "./ansible.js"
import { expandRanges } from "./ranges.js"
import { type Inventory, wrong } from "./stated.js"

const mostAtOnce = 10_000

/** @throws FleetError `SourceUnavailable` naming the line */
export function ansibleIni(text: string, file: string): Inventory {
  const inventory = new AnsibleInventory()
  let group = "ungrouped"
  let kind = "hosts"
  let number = 0
  for (const line of text.split("\n")) {
    const where = `${file}:${++number}`
    const said = line.trim()
    if (said === "" || said.startsWith("#") || said.startsWith(";")) continue
    const [, name, , is = "hosts"] = /^\[([^\]:]+)(:(\w+))?\]\s*(?:#.*)?$/.exec(said) ?? []
    if (name !== undefined) {
      if (!/^(?:hosts|children|vars)$/.test(is)) throw wrong(where, `a section is of children or vars, and not "${is}"`)
      ;[group, kind] = [name, is]
      inventory.group(group, where)
    } else if (kind !== "vars") {
      const words = wordsOf(said)
      if (words === undefined) throw wrong(where, "a quote is not closed")
      if (kind === "children") inventory.child(words[0] ?? "", group, where)
      else addHosts(inventory, words, group, where)
    } else if (!said.includes("=")) throw wrong(where, "a variable is given as name=value")
  }
  return inventory.inventory()
}

function addHosts(inventory: AnsibleInventory, words: readonly string[], group: string, where: string): void {
  const [pattern = "", ...variables] = words
  const given = new Map(variables.map((word) => [word.split("=", 1)[0] ?? "", word]))
  const odd = variables.find((word) => !word.includes("="))
  // The word itself may be half of a password with a space in it.
  if (odd !== undefined) throw wrong(where, "after a host's name, variables are given as name=value")
  const { name, port } = withoutPort(pattern)
  const names = expandRanges(name, mostAtOnce)
  if (names === undefined) throw wrong(where, `the range in "${name}" makes no sense, or more than ${mostAtOnce} hosts`)
  const value = (key: string) => given.get(key)?.slice(key.length + 1)
  for (const host of names) {
    inventory.host(host, group, where)
    inventory.variables(host, {
      ansible_host: value("ansible_host"),
      ansible_port: value("ansible_port") ?? port,
      ansible_user: value("ansible_user"),
    })
  }
}

/** `web:2222`, `[2001:db8::1]:22`; the colons of a range or of an address are none of these. */
function withoutPort(pattern: string): { readonly name: string; readonly port?: string } {
  const [, address, portAfter] = /^\[([0-9A-Fa-f:.]+)\](?::(\d+))?$/.exec(pattern) ?? []
  if (address !== undefined && net.isIPv6(address))
    return portAfter === undefined ? { name: address } : { name: address, port: portAfter }
  const colon = pattern.lastIndexOf(":")
  const port = pattern.slice(colon + 1)
  if (colon <= pattern.lastIndexOf("]") || net.isIPv6(pattern) || !/^\d{1,5}$/.test(port)) return { name: pattern }
  return { name: pattern.slice(0, colon), port }
}

/** As a shell would take the line apart: quotes hold words together, and a word that begins with # begins a comment. Undefined when a quote is open. */
function wordsOf(line: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote = ""
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at)
    if (quote !== "") {
      if (character === quote) quote = ""
      else word = `${word ?? ""}${character}`
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ""
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === "#" && word === undefined) break
    else word = `${word ?? ""}${character}`
  }
  if (quote !== "") return undefined
  if (word !== undefined) words.push(word)
  return words
}
