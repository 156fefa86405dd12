/**
 * Who had which packages installed and removed, from apt's log of transactions (/var/log/apt/history.log). Times in it are the machine's own, without a zone,
 * which is therefore said in front.
 */
import { type Instant, instant } from "#kernel/clock.js"
import { type Json, isObject } from "#kernel/json.js"
import { escapeKey } from "#kernel/patch.js"
import { didBy } from "../accounts.js"
import type { Cause, Observation } from "../observation.js"
import { foreignText } from "./foreign.js"
import type { Material } from "./material.js"

/** Package, as it is called by us → the version that it has after it; null where it is gone. */
type Packages = ReadonlyMap<string, string | null>

/** Where apt keeps no log nobody can say who did what. */
export function causesIn(history: Material, machine: Observation | undefined): readonly Cause[] {
  const architecture = architectureOf(machine?.facets["packages"]?.["pkg:dpkg"])
  if (machine === undefined || architecture === undefined || !("text" in history)) return []
  return aptCauses(history.text, machine.nativeKey, architecture)
}

/** The package manager's own architecture is the machine's. */
function architectureOf(manager: Json | undefined): string | undefined {
  const architecture = isObject(manager) ? manager["architecture"] : undefined
  return typeof architecture === "string" ? architecture : undefined
}

/**
 * @param history the material; a transaction that is cut off at the beginning is left out
 * @param architecture the machine's own, by dpkg's name
 */
export function aptCauses(history: string, nativeKey: string, architecture: string): Cause[] {
  const end = history.indexOf("\n")
  const zone = zoneOf(history.slice(0, end))
  if (zone === undefined) return []
  const log = history.slice(end + 1)
  // Of what was done within the same second, the last is the one by which packages are as they are.
  const latestFirst = log.split(/\n\s*\n/).toReversed()
  return latestFirst.flatMap((paragraph): Cause[] => {
    const fields = fieldsOf(paragraph)
    const at = fields.has("Start-Date") ? timeOf(fields.get("End-Date") ?? fields.get("Start-Date"), zone) : undefined
    if (at === undefined) return []
    const packages = packagesOf(fields, architecture)
    const by = /^(\S+) \(\d+\)$/.exec(fields.get("Requested-By") ?? "")?.[1]
    const who = by === undefined ? {} : { by: foreignText(by) }
    const reason = reasonOf(fields.get("Commandline") ?? "")
    const entry = { log: "packages", after: Object.fromEntries(packages) } as const
    return [{ kind: "target", nativeKey, ...who, reason, at, entry, did: didBy(entry) }]
  })
}

function fieldsOf(paragraph: string): ReadonlyMap<string, string> {
  return new Map(
    paragraph.split("\n").map((line): [string, string] => {
      const colon = line.indexOf(": ")
      return [line.slice(0, Math.max(colon, 0)), line.slice(colon + 2).trim()]
    }),
  )
}

/** `name:architecture (version, automatic), …`; of an upgrade `(before, after)`. */
function packagesOf(fields: ReadonlyMap<string, string>, architecture: string): Packages {
  const packages = new Map<string, string | null>()
  for (const verb of ["Install", "Upgrade", "Downgrade", "Remove", "Purge"])
    for (const item of (fields.get(verb) ?? "").split("), ")) {
      const [called = "", said = ""] = item.split(" (")
      const [name = "", own = ""] = called.split(":")
      const key = `pkg:${escapeKey(foreignText(own === architecture ? name : called))}`
      const [first, second] = said.replace(/\)$/, "").split(", ")
      const after = verb === "Upgrade" || verb === "Downgrade" ? second : first
      packages.set(key, verb === "Remove" || verb === "Purge" ? null : foreignText(after ?? ""))
    }
  return packages
}

/** What was asked for, without the options: they may hold a password, as that of a proxy. */
function reasonOf(command: string): string {
  const words = command.split(/\s+/).filter((word) => word !== "" && !word.startsWith("-") && !word.includes("::"))
  return foreignText(words.join(" ").replaceAll(/\/\/[^/@\s]*@/g, "//")) || "apt"
}

/** `+0130` */
function zoneOf(text: string): string | undefined {
  const [, hours, minutes] = /^([+-]\d\d)(\d\d)$/.exec(text) ?? []
  return hours === undefined ? undefined : `${hours}:${minutes}`
}

/** `2026-11-25  19:20:39` */
function timeOf(text: string | undefined, zone: string): Instant | undefined {
  const [, day, time] = /^(\d{4}-\d\d-\d\d) +(\d\d:\d\d:\d\d)$/.exec(text ?? "") ?? []
  const ms = day === undefined ? Number.NaN : new Date(`${day}T${time}${zone}`).getTime()
  return Number.isNaN(ms) ? undefined : instant(ms)
}
