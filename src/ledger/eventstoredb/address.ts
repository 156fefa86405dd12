/**
 * Where the cluster is: `esdb://host:2113`, several hosts with commas between them, or `esdb+discover://name` for a name that stands for the cluster;
 * the product's new name, `kurrentdb`, means the same. Read here and not by the client, which repeats the whole address in warnings and errors.
 * User and password are never part of it.
 */
import { FleetError } from "#kernel/errors.js"

export interface Address {
  readonly hosts: readonly Host[]
  /** Ask the first host who leads the cluster. */
  readonly discover: boolean
  readonly tls: boolean
  readonly caFile?: string
  /** In milliseconds. */
  readonly keepAliveInterval?: number
  readonly keepAliveTimeout?: number
}

export interface Host {
  readonly address: string
  readonly port: number
}

const defaultPort = 2113
const form = /^(?:esdb|kurrentdb)(\+discover)?:\/\/([^/?]+)\/?(?:\?(.*))?$/
const hostForm = /^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/

/** @throws FleetError `InvalidConfig` */
export function parseAddress(text: string): Address {
  if (text.includes("@")) throw malformed("it holds a user or a password, which are configured apart from it")
  const [, discover, hosts, query] = form.exec(text.trim()) ?? []
  if (hosts === undefined) throw malformed("it has another form")
  return {
    hosts: hosts.split(",").map(parseHost),
    discover: discover !== undefined,
    tls: true,
    ...parseQuery(query ?? ""),
  }
}

/** How it is called in sentences for people. */
export function hostsOf({ hosts }: Address): string {
  return hosts.map(({ address, port }) => `${address}:${port}`).join(", ")
}

function parseHost(text: string): Host {
  const [, address, port = String(defaultPort)] = hostForm.exec(text) ?? []
  if (address === undefined || Number(port) > 65_535 || Number(port) === 0) {
    throw malformed(`"${text}" is not a host with a port`)
  }
  return { address, port: Number(port) }
}

/** What is allowed behind the question mark, by its name in small letters: people and consoles write `tlsCAFile`, `tlsCaFile` and `tlscafile`. */
const settings: Readonly<Record<string, (value: string) => Partial<Address>>> = {
  tls: (value) => ({ tls: yesOrNo("tls", value) }),
  tlscafile: (caFile) => ({ caFile }),
  tlsverifycert(value) {
    if (!yesOrNo("tlsVerifyCert", value)) {
      throw malformed("tlsVerifyCert=false has no effect; name the authority's certificate as tlsCAFile instead")
    }
    return {}
  },
  keepaliveinterval: (value) => ({ keepAliveInterval: milliseconds("keepAliveInterval", value) }),
  keepalivetimeout: (value) => ({ keepAliveTimeout: milliseconds("keepAliveTimeout", value) }),
}
const settingNames = "tls, tlsCAFile, tlsVerifyCert, keepAliveInterval and keepAliveTimeout"

function parseQuery(query: string): Partial<Address> {
  return Object.assign(
    {},
    ...[...new URLSearchParams(query)].map(([name, value]) => {
      const read = settings[name.toLowerCase()]
      if (read === undefined) throw malformed(`"${name}" is not one of its settings, which are ${settingNames}`)
      return read(value)
    }),
  ) as Partial<Address>
}

function yesOrNo(name: string, value: string): boolean {
  if (value !== "true" && value !== "false") throw malformed(`${name} is true or false`)
  return value === "true"
}

function milliseconds(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw malformed(`${name} is a number of milliseconds`)
  return Number(value)
}

function malformed(what: string): FleetError {
  const wanted = "esdb://host:2113, esdb+discover://host:2113, kurrentdb://… or kurrentdb+discover://…"
  return new FleetError("InvalidConfig", `the address of EventStoreDB is malformed: ${what}; it looks like ${wanted}`)
}
