/** An entity in one row: what lists tell of it, and what they filter, sort and count by. Pure, and blind to the order in which documents have their members. */
import type { ServiceDocument, ServiceStatus } from "#events/facets/service.js"
import type { StackDocument } from "#events/facets/stack.js"
import type { ResourceStatus, TargetDocument } from "#events/facets/target.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { copyOf } from "#kernel/patch.js"
import { healthOf } from "../health/score.js"
import { merged } from "../inventory/merge.js"
import type { Kind } from "../inventory/read.js"
import { roleAndTags } from "../inventory/role-and-tags.js"
import type { EntityValues } from "./tables.js"

/** What a source says of an entity. */
export interface Account {
  readonly source: string
  readonly nativeKey: string
  readonly document: JsonObject
}

/** The fields that rows are made of, by facet: a change of any other leaves them as they are. */
export const rowFields: Readonly<Record<Kind, Readonly<Record<string, readonly string[] | "all">>>> = {
  target: {
    lifecycle: "all",
    identity: ["name", "hostname", "fqdn"],
    labels: "all",
    assigned: "all",
    resources: "all",
    updates: ["pending"],
    os: ["name", "kernel"],
    hardware: ["cpuCores", "memoryMiB", "vendor", "product"],
    network: ["interfaces", "addresses"],
    link: "all",
  },
  service: {
    lifecycle: "all",
    identity: "all",
    config: ["description", "executable", "ports", "stack", "stackService"],
    state: "all",
    container: ["image"],
    flapping: "all",
  },
  stack: { lifecycle: "all", identity: "all", config: ["workingDir", "files"] },
}

/** Whether what stands at a path is a field that rows are made of, holds one, or is in one. */
export function counts(kind: Kind, path: string): boolean {
  const [, facet = "", field] = path.split("/", 3)
  const fields = rowFields[kind][facet]
  return fields !== undefined && (fields === "all" || field === undefined || fields.includes(field))
}

/** Of a document what rows are made of, sharing nothing with it. */
export function partOf(kind: Kind, document: JsonObject): JsonObject {
  const part: Record<string, Json> = {}
  for (const [facet, fields] of Object.entries(rowFields[kind])) {
    const value = document[facet]
    if (value !== undefined) part[facet] = copyOf(fields === "all" || !isObject(value) ? value : picked(value, fields))
  }
  return part
}

function picked(facet: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(facet).filter(([field]) => fields.includes(field)))
}

/** What a list tells of a machine besides what it is sorted and counted by. */
export interface TargetSummary {
  readonly kernel: string | null
  readonly addresses: readonly string[]
  readonly cpuCores: number | null
  readonly memoryMiB: number | null
  readonly resources: Readonly<Record<string, ResourceStatus>>
}

export interface ServiceSummary {
  readonly flapping: boolean
  readonly ports: readonly string[]
  readonly description: string | null
}

export interface StackSummary {
  readonly workingDir: string | null
  readonly files: readonly string[]
}

/**
 * @param accounts by precedence; their documents need hold no more than `rowFields`
 * @param services the statuses of what runs on a target
 */
export function valuesOf(kind: Kind, accounts: readonly Account[], services: readonly ServiceStatus[]): EntityValues {
  const [first] = accounts
  const document = kind === "target" ? merged(accounts.map((account) => account.document)) : (first?.document ?? {})
  const { identity, lifecycle } = document as unknown as TargetDocument
  const common: Common = {
    name: identity?.name ?? first?.nativeKey ?? "",
    lifecycle,
    sources: JSON.stringify(accounts.map(({ source }) => source)),
  }
  if (kind === "target") return ofTarget(common, document, services)
  if (kind === "service") return ofService(common, document)
  return ofStack(common, document as unknown as StackDocument)
}

/** What the column `health` of a machine says. Nearly all have one account, which is read as it is: merging would copy it at every failure of a service. */
export function healthIn(accounts: readonly Account[], services: readonly ServiceStatus[]): number | null {
  const documents = accounts.map(({ document }) => document)
  const whole = documents.length === 1 ? documents[0] : merged(documents)
  return healthOf(whole as Partial<TargetDocument>, services).score
}

/** What the column `status` of a service says. */
export function statusIn(document: JsonObject): ServiceStatus {
  return (document as unknown as ServiceDocument).state?.status ?? "unknown"
}

interface Common {
  readonly name: string
  readonly lifecycle: string
  readonly sources: string
}

const nothing = {
  role: null,
  status: null,
  health: null,
  runtime: null,
  os: null,
  environment: null,
  stack: null,
  image: null,
  tags: "[]",
}

function ofTarget(common: Common, json: JsonObject, services: readonly ServiceStatus[]): EntityValues {
  const document = json as unknown as TargetDocument
  const { identity, labels, os, hardware, network, resources = {} } = document
  const { role, tags } = roleAndTags(json)
  const held = Object.values(network?.interfaces ?? {}).flatMap(({ addresses }) => Object.keys(addresses ?? {}))
  // What others say of it, where it does not say itself.
  const keys = held.length > 0 ? held : Object.keys(network?.addresses ?? {})
  const addresses = keys.map(native).filter(isReachable).toSorted()
  const summary: TargetSummary = {
    kernel: os?.kernel ?? null,
    addresses,
    cpuCores: hardware?.cpuCores ?? null,
    memoryMiB: hardware?.memoryMiB ?? null,
    resources: Object.fromEntries(Object.entries(resources).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
  const groups = Object.keys(labels?.groups ?? {})
    .map(native)
    .toSorted()
  return {
    ...nothing,
    ...common,
    role,
    status: worst(Object.values(resources)),
    health: healthOf(document, services).score,
    os: os?.name ?? null,
    environment: labels?.environment ?? null,
    tags: JSON.stringify(tags),
    summary: JSON.stringify(summary),
    words: words(
      common.name,
      identity?.hostname,
      identity?.fqdn,
      labels?.description,
      labels?.owner,
      labels?.environment,
      role,
      os?.name,
      hardware?.vendor,
      hardware?.product,
      ...tags,
      ...groups,
      ...addresses,
    ),
  }
}

function ofService(common: Common, json: JsonObject): EntityValues {
  const { identity, config, container, flapping } = json as unknown as ServiceDocument
  const summary: ServiceSummary = {
    flapping: flapping ?? false,
    ports: Object.keys(config?.ports ?? {}).toSorted(),
    description: config?.description ?? null,
  }
  return {
    ...nothing,
    ...common,
    status: statusIn(json),
    runtime: identity?.runtime ?? null,
    stack: config?.stack ?? null,
    image: container?.image ?? null,
    summary: JSON.stringify(summary),
    words: words(
      common.name,
      config?.description,
      config?.executable,
      config?.stack,
      config?.stackService,
      container?.image,
      identity?.runtime,
    ),
  }
}

function ofStack(common: Common, { identity, config }: StackDocument): EntityValues {
  const files = Object.keys(config?.files ?? {})
    .map(native)
    .toSorted()
  const summary: StackSummary = { workingDir: config?.workingDir ?? null, files }
  return {
    ...nothing,
    ...common,
    runtime: identity?.runtime ?? null,
    summary: JSON.stringify(summary),
    words: words(common.name, config?.workingDir, identity?.runtime, ...files),
  }
}

/** Undefined things are left out; a line break keeps a word from reaching over two of them. */
function words(...texts: readonly (string | null | undefined)[]): string {
  return [...new Set(texts.filter((text) => text !== null && text !== undefined))].join("\n").toLowerCase()
}

/** A collection's key as its source has it. */
function native(key: string): string {
  return key.slice(key.indexOf(":") + 1)
}

function worst(statuses: readonly ResourceStatus[]): ResourceStatus {
  return (["critical", "warning", "healthy"] as const).find((status) => statuses.includes(status)) ?? "unknown"
}

/** Not loopback and not link-local: an address by which others can reach it. */
function isReachable(address: string): boolean {
  return !/^(?:127\.|::1\/|fe80:|169\.254\.)/i.test(address)
}
