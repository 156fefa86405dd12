/** Looks over ssh at hosts of the test's own, on connections that are kept between them. */
import type { Source } from "#discovery/observation.js"
import { Connections, type ConnectionsOptions } from "#discovery/sources/ssh/connections.js"
import type { SshHost } from "#discovery/sources/ssh/resolve.js"
import { sshSource } from "#discovery/sources/ssh.js"
import { type Policy, defaultPolicy } from "#events/policy.js"
import { readSecret } from "#config/secret.js"
import type { SshFleet } from "./ssh-fleet.js"
import { whenFinished } from "./when-finished.js"

export interface SshLooks {
  /** Names of hosts; all of the fleet unless given. */
  readonly hosts?: readonly string[]
  /** Of each host. */
  readonly as?: Partial<SshHost>
  readonly deadlineMs?: number
}

/** @returns what makes a source; all of them are called `fleet` and share connections */
export function sshLooks(
  fleet: SshFleet,
  { env = {}, ...options }: Partial<ConnectionsOptions> & { readonly env?: NodeJS.ProcessEnv } = {},
): (looks?: SshLooks) => Source {
  const connections = new Connections({
    environment: fleet.environment(env),
    secret: (reference) => readSecret(reference, "the passphrase", env),
    ...(fleet.dial === undefined ? {} : { dial: fleet.dial }),
    ...options,
  })
  whenFinished(() => connections.close())
  return ({ hosts = fleet.hosts.map(({ name }) => name), as = { user: "root" }, deadlineMs = 30_000 } = {}) =>
    sshSource(
      "fleet",
      { hosts: hosts.map((alias) => ({ alias, ...as })), sudo: false, together: 16, deadlineMs },
      { connections },
    )
}

/** These machines are busy with the tests, which is not what is told of them. */
export const regardlessOfLoad: Policy = {
  ...defaultPolicy,
  bands: { ...defaultPolicy.bands, warning: 100, critical: 100 },
}
