/** The sources of a fleet, each as it is configured. What a kind takes is loaded where there is one of it: most commands look at nothing. */
import { readSecret } from "#config/secret.js"
import type { SourceConfig, SshSourceConfig } from "#config/sources.js"
import type { Source } from "#discovery/observation.js"
import type { OverSsh } from "#discovery/sources/docker/agent.js"
import type { Connections } from "#discovery/sources/ssh/connections.js"
import type { ScanOptions } from "#discovery/sources/scans.js"
import type { EnrolledKey } from "#discovery/sources/ssh/trust.js"
import type { SshTarget } from "#discovery/sources/ssh.js"
import type { Clock } from "#kernel/clock.js"

export interface SourcePorts {
  readonly clock: Clock
  /** The host keys that people have said are trusted, as they are now. */
  readonly trusted: () => Promise<readonly EnrolledKey[]>
}

export async function sourceFor(source: SourceConfig, { clock, trusted }: SourcePorts): Promise<Source> {
  switch (source.kind) {
    case "local": {
      const { localSource, thisMachine } = await import("#discovery/sources/local.js")
      const scans = source.scans?.map((scan) => ({ ...scan, target: thisMachine }))
      return scanned(localSource(source.name), scans, clock)
    }
    case "ssh": {
      const { sshSource } = await import("#discovery/sources/ssh.js")
      const connections = await connectionsFor(trusted, source.sshConfig)
      const { sudo, together, deadline: deadlineMs } = source
      const options = { hosts: hostsOf(source), sudo, together, deadlineMs }
      return scanned(sshSource(source.name, options, { connections, clock }), source.scans, clock)
    }
    case "docker": {
      const { dockerSource } = await import("#discovery/sources/docker.js")
      const { name, kind: _, every: __, ...options } = source
      const connections = await connectionsFor(trusted)
      const docker = dockerSource(name, options, { clock, overSsh: throughSsh(connections) })
      return { ...docker, close: async () => connections.close() }
    }
    case "proxmox": {
      const { proxmoxSource } = await import("#discovery/sources/proxmox.js")
      const { name, kind: _, every: __, ...options } = source
      const readToken = (reference: string) => readSecret(reference, `the secret of the token for "${name}"`)
      return proxmoxSource(name, options, { secret: readToken, clock })
    }
    case "tailscale": {
      const { tailscaleSource } = await import("#discovery/sources/tailscale.js")
      const { name, kind: _, every: __, ...options } = source
      return tailscaleSource(name, options, { clock })
    }
    case "file": {
      const { fileSource } = await import("#discovery/sources/file.js")
      return scanned(fileSource(source.name, source, { clock }), source.scans, clock)
    }
  }
}

async function scanned(source: Source, scans: readonly ScanOptions[] | undefined, clock: Clock): Promise<Source> {
  if (scans === undefined) return source
  const { withScans } = await import("#discovery/sources/scans.js")
  return withScans(source, scans, clock)
}

async function connectionsFor(trusted: SourcePorts["trusted"], sshConfig?: string): Promise<Connections> {
  const { Connections: Kept } = await import("#discovery/sources/ssh/connections.js")
  const { ownEnvironment } = await import("#discovery/sources/ssh/resolve.js")
  return new Kept({
    environment: ownEnvironment(sshConfig),
    secret: (reference) => readSecret(reference, "the passphrase of an ssh key"),
    enrolled: trusted,
  })
}

/** As the `docker` command goes to `ssh://user@host:port/path/of/the/socket`. */
function throughSsh(connections: Connections): OverSsh {
  return (address) => {
    const { hostname, username, port, pathname } = new URL(address)
    const host = {
      alias: hostname,
      ...(username === "" ? {} : { user: decodeURIComponent(username) }),
      ...(port === "" ? {} : { port: Number(port) }),
    }
    const socket = pathname === "" || pathname === "/" ? usualSocket : pathname
    return { connect: () => connections.forwardSocket(host, socket, new AbortController().signal) }
  }
}

/** What is said of all hosts holds for each that says nothing else. */
function hostsOf({ hosts, user, port, key, passphrase, docker: everywhere = false }: SshSourceConfig): SshTarget[] {
  const ofAll = { user, port, key, passphrase }
  return hosts.map(({ name, address, docker = everywhere, ...own }: HostConfig) => {
    const engine = docker === true ? usualSocket : docker === false ? undefined : docker
    const all = Object.entries({ ...ofAll, ...own, hostName: address, engine })
    return { alias: name, ...Object.fromEntries(all.filter(([, value]) => value !== undefined)) }
  })
}

const usualSocket = "/var/run/docker.sock"

type HostConfig = {
  readonly name: string
  readonly address?: string | undefined
  readonly docker?: boolean | string | undefined
} & Partial<Record<string, unknown>>
