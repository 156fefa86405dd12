/**
 * From the name that a person gives a host to what is connected to, as ssh itself would: its files say host name, port, user, keys and the hosts in between.
 * What the source's own settings say goes over them.
 */
import * as os from "node:os"
import * as path from "node:path"
import { FleetError } from "#kernel/errors.js"
import { readConfig, type Said } from "./config.js"

/** A host as a source is configured with it. */
export interface SshHost {
  /** A name that ssh's configuration knows, or a host name. */
  readonly alias: string
  readonly hostName?: string
  readonly port?: number
  readonly user?: string
  /** A file: then no other key is tried. */
  readonly key?: string
  /** Where the passphrase of its keys is: `env:NAME` or `file:PATH`. */
  readonly passphrase?: string
}

export interface Destination {
  readonly alias: string
  readonly hostName: string
  readonly port: number
  readonly user: string
  readonly keyAlias: string | undefined
  /** In the order in which they are tried. */
  readonly identityFiles: readonly string[]
  /** Whether somebody named them: those that are tried by default may be missing. */
  readonly identitiesNamed: boolean
  readonly identitiesOnly: boolean
  readonly passphrase: string | undefined
  /** The socket of the agent. */
  readonly agent: string | undefined
  readonly knownHostsFiles: readonly string[]
  /** The hosts in between, the one that is connected to first in front. */
  readonly via: readonly Destination[]
}

export interface Environment {
  readonly configFiles: readonly string[]
  readonly home: string
  readonly localUser: string
  readonly env: NodeJS.ProcessEnv
}

/** Of the user that this runs as. */
export function ownEnvironment(configFile?: string): Environment {
  const home = os.homedir()
  return {
    configFiles: [configFile ?? path.join(home, ".ssh/config"), "/etc/ssh/ssh_config"],
    home,
    localUser: whoAmI(),
    env: process.env,
  }
}

const defaultKeys = ["id_ed25519", "id_ecdsa", "id_rsa"]

/** @throws FleetError `InvalidConfig` */
export function resolve(host: SshHost, environment: Environment): Destination {
  return new Resolution(environment).destination(host, [])
}

/** Hosts in between. */
const mostHops = 16

class Resolution {
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** @param way the hosts that this one is in between of. @param before what its own ProxyJump gives way to */
  destination(host: SshHost, way: readonly string[], before?: readonly Destination[]): Destination {
    const { alias } = host
    const { configFiles, home, localUser, env } = this.#environment
    if (way.includes(alias)) {
      throw new FleetError("InvalidConfig", `the way to ${way[0]} leads through itself: ${[...way, alias].join(" → ")}`)
    }
    // A name that grows with every hop never meets itself.
    if (way.length > mostHops) {
      throw new FleetError("InvalidConfig", `the way to ${way[0]} leads through more than ${mostHops} hosts`)
    }
    const said = readConfig(configFiles, { alias, hostName: host.hostName, user: host.user, localUser }, home)
    const first = (keyword: string) => unlessNone(said.get(keyword)?.[0])

    const hostName = host.hostName ?? withTokens(first("hostname") ?? alias, { h: alias, n: alias }, env, alias)
    const port = host.port ?? portOf(first("port") ?? "22", alias)
    const user = host.user ?? first("user") ?? localUser
    const tokens = { d: home, h: hostName, n: alias, p: String(port), r: user, u: localUser }
    const file = (text: string) => path.resolve(home, withTokens(text.replace(/^~(?=\/|$)/, home), tokens, env, alias))
    const files = (keyword: string, otherwise: readonly string[]) =>
      (said.get(keyword) ?? otherwise).filter((each) => each.toLowerCase() !== "none").map(file)

    const named = host.key === undefined ? said.get("identityfile") : [host.key]
    return {
      alias,
      hostName,
      port,
      user,
      keyAlias: first("hostkeyalias"),
      identityFiles: [...new Set((named ?? defaultKeys.map((key) => `~/.ssh/${key}`)).filter(isNoNone).map(file))],
      identitiesNamed: named !== undefined,
      identitiesOnly: host.key !== undefined || first("identitiesonly")?.toLowerCase() === "yes",
      passphrase: host.passphrase,
      agent: agentOf(said, env, file),
      knownHostsFiles: [
        ...files("userknownhostsfile", ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
        ...files("globalknownhostsfile", ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]),
      ],
      via: before ?? this.#via(said, withTokens(first("proxyjump") ?? "", tokens, env, alias), [...way, alias]),
    }
  }

  #via(said: Said, jump: string, way: readonly string[]): readonly Destination[] {
    const [alias = ""] = way.slice(-1)
    if (jump === "") {
      if (said.has("proxyjump") || unlessNone(said.get("proxycommand")?.[0]) === undefined) return []
      throw new FleetError(
        "InvalidConfig",
        `ssh's configuration reaches ${alias} by a ProxyCommand, and no command from there is run; say it with ProxyJump`,
      )
    }
    // The first hop is reached as its own configuration says, every other one through those in front of it.
    let via: readonly Destination[] | undefined
    for (const hop of jump.split(",")) {
      const destination = this.destination(hopOf(hop.trim(), alias), way, via)
      via = [...(via ?? destination.via), destination]
    }
    return via ?? []
  }
}

/** `[user@]host[:port]`, or the same as an address that begins with `ssh://`. */
function hopOf(text: string, alias: string): SshHost {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^@:/[\]]+))(?::(\d+))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined) throw new FleetError("InvalidConfig", `the ProxyJump of ${alias} has no host in "${text}"`)
  return {
    alias: host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: portOf(port, alias) }),
  }
}

function portOf(text: string, alias: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new FleetError("InvalidConfig", `ssh's configuration gives ${alias} the port "${text}", which is none`)
}

function agentOf(said: Said, env: NodeJS.ProcessEnv, file: (text: string) => string): string | undefined {
  const [named] = said.get("identityagent") ?? []
  if (named === undefined || named === "SSH_AUTH_SOCK") return env["SSH_AUTH_SOCK"] || undefined
  if (!isNoNone(named)) return undefined
  const [, variable] = /^\$(\w+)$/.exec(named) ?? []
  return variable === undefined ? file(named) : env[variable] || undefined
}

function withTokens(
  text: string,
  tokens: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
  alias: string,
): string {
  return text.replaceAll(/%(.?)|\$\{(\w*)\}/g, (whole: string, token?: string, variable?: string) => {
    const value = variable === undefined ? (token === "%" ? "%" : tokens[token ?? ""]) : env[variable]
    if (value !== undefined) return value
    throw new FleetError(
      "InvalidConfig",
      `ssh's configuration of ${alias} has ${whole} in "${text}", which is not understood here`,
    )
  })
}

function unlessNone(text: string | undefined): string | undefined {
  return text !== undefined && isNoNone(text) ? text : undefined
}

function isNoNone(text: string): boolean {
  return text.toLowerCase() !== "none"
}

function whoAmI(): string {
  try {
    return os.userInfo().username
  } catch {
    // A user id that no passwd entry names.
    return process.env["USER"] ?? ""
  }
}
