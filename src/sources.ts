/** The sources of a fleet, each as it is configured. */
import { readSecret } from "#config/secret.js"
import type { SourceConfig, SshSourceConfig } from "#config/sources.js"
import type { Source } from "#discovery/observation.js"
import { dockerSource } from "#discovery/sources/docker.js"
import type { OverSsh } from "#discovery/sources/docker/agent.js"
import { fileSource } from "#discovery/sources/file.js"
import { localSource } from "#discovery/sources/local.js"
import { proxmoxSource } from "#discovery/sources/proxmox.js"
import { Connections } from "#discovery/sources/ssh/connections.js"
import { ownEnvironment } from "#discovery/sources/ssh/resolve.js"
import type { EnrolledKey } from "#discovery/sources/ssh/trust.js"
import { type SshTarget, sshSource } from "#discovery/sources/ssh.js"
import { tailscaleSource } from "#discovery/sources/tailscale.js"
import type { Clock } from "#kernel/clock.js"

export interface SourcePorts {
  readonly clock: Clock
  /** The host keys that people have said are trusted, as they are now. */
  readonly trusted: () => Promise<readonly EnrolledKey[]>
}

export function sourceFor(source: SourceConfig, { clock, trusted }: SourcePorts): Source {
  switch (source.kind) {
    case "local":
      return localSource(source.name)
    case "ssh": {
      const connections = connectionsFor(trusted, source.sshConfig)
      const { sudo, together, deadline: deadlineMs } = source
      return sshSource(source.name, { hosts: hostsOf(source), sudo, together, deadlineMs }, { connections, clock })
    }
    case "docker": {
      const { name, kind: _, every: __, ...options } = source
      const connections = connectionsFor(trusted)
      const docker = dockerSource(name, options, { clock, overSsh: throughSsh(connections) })
      return { ...docker, close: async () => connections.close() }
    }
    case "proxmox": {
      const { name, kind: _, every: __, ...options } = source
      const readToken = (reference: string) => readSecret(reference, `the secret of the token for "${name}"`)
      return proxmoxSource(name, options, { secret: readToken, clock })
    }
    case "tailscale": {
      const { name, kind: _, every: __, ...options } = source
      return tailscaleSource(name, options, { clock })
    }
    case "file":
      return fileSource(source.name, source, { clock })
  }
}

function connectionsFor(trusted: SourcePorts["trusted"], sshConfig?: string): Connections {
  return new Connections({
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
