/**
 * What a record's document says about which machine it is an account of, in forms that can be compared: each trait is a set of values, empty where
 * nothing is known. What identifies nobody (shared.ts) is left out here, so that nobody behind has to think of it.
 */
import * as net from "node:net"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import {
  isInner,
  isRepeated,
  isSharedAddress,
  isSharedMac,
  isSharedMachineId,
  isSharedName,
  isSharedSerial,
  isTailnetAddress,
  sharedUuids,
} from "./shared.js"

export interface Evidence {
  /** SMBIOS type 1 UUID, the lesser of its two byte orders. */
  readonly smbios: readonly string[]
  /** The vendor's serial number. */
  readonly serial: readonly string[]
  /** A hypervisor's name for its guest: `cluster/vmid`. */
  readonly guest: readonly string[]
  readonly mac: readonly string[]
  readonly "machine-id": readonly string[]
  /** `type fingerprint`: keys of one type contradict each other, those of two types do not. */
  readonly hostkey: readonly string[]
  /** A Docker Engine's id. */
  readonly docker: readonly string[]
  /** An address that Tailscale gave to a node for life. */
  readonly tailnet: readonly string[]
  readonly fqdn: readonly string[]
  /** Host names without a domain, and what a source calls it. */
  readonly name: readonly string[]
  readonly address: readonly string[]
  /** `machine`, or the runtime of the container that it is. */
  readonly system: readonly string[]
  /** `metal` or `virtual`. */
  readonly hardware: readonly string[]
}
export type Trait = keyof Evidence

const strong = ["smbios", "serial", "guest", "mac", "machine-id", "hostkey", "docker", "tailnet"] as const
const weak = ["fqdn", "name", "address"] as const

/** The names of systemd-detect-virt(1) for containers that boot like a machine, and for those that run an application. */
const systemContainers = /^(?:lxc|lxc-libvirt|systemd-nspawn|openvz|wsl|proot)$/
const applicationContainers = /^(?:docker|podman|rkt|pouch|container-other)$/

export function evidenceOf(document: JsonObject): Evidence {
  const identity = member(document, "identity")
  const guest = member(document, "guest")
  const hardware = member(document, "hardware")
  const runtime = guest["kind"] === "lxc" ? "lxc" : text(hardware["virtualization"])
  const fromImage = applicationContainers.test(runtime)
  const names = ["name", "hostname", "fqdn"].map((field) => text(identity[field]).replace(/\.$/, ""))
  const addresses = addressesIn(document)
  return {
    smbios: only(canonicalUuid(text(identity["smbiosUuid"]))),
    serial: some(text(hardware["serial"]), (serial) => !isSharedSerial(serial)),
    guest: guestKey(guest),
    mac: macsIn(document),
    // An application's image brings its own along, or has the host's mounted.
    "machine-id": fromImage
      ? []
      : some(text(identity["machineId"]), (id) => /^[0-9a-f]{32}$/.test(id) && !isSharedMachineId(id)),
    hostkey: fromImage ? [] : hostKeysIn(identity),
    docker: some(text(identity["dockerEngineId"]), (id) => id.length >= 16),
    tailnet: addresses.filter(isTailnetAddress),
    fqdn: sorted(names.filter(isQualified)),
    name: sorted(names.filter((name) => net.isIP(name) === 0).map(firstLabel)).filter((name) => !isSharedName(name)),
    address: addresses.filter((address) => !isTailnetAddress(address)),
    system: only(systemOf(runtime, guest)),
    hardware: only(hardwareOf(runtime, guest)),
  }
}

/** By which an index finds the records that may be of the same machine: one value in common is worth a judgement. */
export function keysOf(evidence: Evidence): string[] {
  return keys(evidence, strong)
}

/** By which those are found that can only be put up for review. Many share an address or a name over the years. */
export function weakKeysOf(evidence: Evidence): string[] {
  return keys(evidence, weak)
}

function keys(evidence: Evidence, traits: readonly Trait[]): string[] {
  return traits.flatMap((trait) => evidence[trait].map((value) => `${trait}:${value}`))
}

/**
 * SMBIOS before 2.6 did not say in which byte order the first three fields are (DSP0134 §7.2.1), so the same board is printed in two ways. The
 * lesser stands for both.
 */
function canonicalUuid(uuid: string): string | undefined {
  const order = bothOrders(uuid)
  if (order === undefined || isRepeated(uuid)) return undefined
  const [lesser] = order
  return sharedCanonical.has(lesser) ? undefined : lesser
}

function bothOrders(uuid: string): readonly [string, string] | undefined {
  const [, first, second, third, rest] =
    /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4}-?[0-9a-f]{12})\}?$/.exec(uuid) ?? []
  if (first === undefined || second === undefined || third === undefined || rest === undefined) return undefined
  const digits = rest.replace("-", "")
  const tail = `${digits.slice(0, 4)}-${digits.slice(4)}`
  const printed = `${first}-${second}-${third}-${tail}`
  const swapped = `${swap(first)}-${swap(second)}-${swap(third)}-${tail}`
  return printed < swapped ? [printed, swapped] : [swapped, printed]
}

const swap = (hex: string) => (hex.match(/../g) ?? []).reverse().join("")

const sharedCanonical = new Set(sharedUuids.flatMap((uuid) => bothOrders(uuid) ?? []))

function guestKey({ cluster, vmid }: JsonObject): string[] {
  const [where, which] = [text(cluster), typeof vmid === "number" ? String(vmid) : text(vmid)]
  return where === "" || which === "" ? [] : [`${where}/${which}`]
}

function hostKeysIn(identity: JsonObject): string[] {
  return sorted(
    Object.entries(member(identity, "hostKeys")).flatMap(([key, item]) => {
      const fingerprint = isObject(item) ? item["fingerprint"] : undefined
      return typeof fingerprint === "string" && fingerprint !== ""
        ? [`${key.replace(/^hostkey:/, "")} ${fingerprint}`]
        : []
    }),
  )
}

function macsIn(document: JsonObject): string[] {
  return sorted(
    interfacesIn(document).flatMap(({ name, item }) => {
      const mac = text(item["mac"]).replaceAll("-", ":")
      const isMac = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac)
      return !isMac || isSharedMac(mac) || (isInner(name) && isLocal(mac)) ? [] : [mac]
    }),
  )
}

/** IEEE 802: the second bit of the first byte says that no vendor gave it. Hypervisors give such to their guests, so this alone says nothing. */
const isLocal = (mac: string) => /^.[26ae]/.test(mac)

function addressesIn(document: JsonObject): string[] {
  const own = interfacesIn(document)
    .filter(({ name }) => !isInner(name))
    .flatMap(({ item }) => Object.keys(member(item, "addresses")))
    .map((key) => key.replace(/^ip:/, "").replace(/\/\d+$/, ""))
  const stated = Object.keys(member(member(document, "network"), "addresses")).map((key) => key.replace(/^ip:/, ""))
  const reached = text(member(document, "access")["address"])
  return sorted([...own, ...stated, reached].map((address) => address.toLowerCase())).filter(
    (address) => net.isIP(address) !== 0 && !isSharedAddress(address),
  )
}

function interfacesIn(document: JsonObject): { name: string; item: JsonObject }[] {
  const interfaces = member(member(document, "network"), "interfaces")
  return Object.entries(interfaces).flatMap(([key, item]) =>
    isObject(item) ? [{ name: key.replace(/^if:/, ""), item }] : [],
  )
}

function systemOf(runtime: string, guest: JsonObject): string | undefined {
  if (systemContainers.test(runtime) || applicationContainers.test(runtime)) return runtime
  return runtime !== "" || guest["kind"] === "qemu" ? "machine" : undefined
}

function hardwareOf(runtime: string, guest: JsonObject): string | undefined {
  if (runtime === "none" && Object.keys(guest).length === 0) return "metal"
  return runtime === "" && Object.keys(guest).length === 0 ? undefined : "virtual"
}

const isQualified = (name: string) =>
  net.isIP(name) === 0 && /^[^.]+\.[^.]/.test(name) && !/^localhost\.|\.localdomain$/.test(name)

const firstLabel = (name: string) => name.replace(/\..*/s, "")

function member(object: JsonObject, name: string): JsonObject {
  const value = object[name]
  return isObject(value) ? value : {}
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value.trim().toLowerCase() : ""
}

const only = (value: string | undefined) => (value === undefined ? [] : [value])
const some = (value: string, isSome: (value: string) => boolean) => (value !== "" && isSome(value) ? [value] : [])
const sorted = (values: readonly string[]) => [...new Set(values)].filter((value) => value !== "").sort()
