/** The real program with hosts over ssh as its source, configured as people do it; nothing of this machine's own ssh is used. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Options } from "./program.js"
import type { SshFleet } from "./ssh-fleet.js"

/** Further lines of the source, and of ssh's configuration. */
export interface SshProgram {
  readonly source?: string
  readonly ssh?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Data, keys and configuration are in `folder`. */
export function sshProgram(
  fleet: SshFleet,
  folder: string,
  { source = "", ssh = "", env = {} }: SshProgram = {},
): Options {
  const { home } = fleet
  fleet.configure(
    `${ssh}\nHost *\n User root\n UserKnownHostsFile ${home}/.ssh/known_hosts\n GlobalKnownHostsFile none\n IdentityFile ${home}/.ssh/id_ed25519\n IdentitiesOnly yes\n IdentityAgent none`,
  )
  const config = path.join(folder, "config.yaml")
  const hosts = fleet.hosts.map(({ name }) => name).join(", ")
  fs.writeFileSync(
    config,
    `sources:\n  - name: fleet\n    kind: ssh\n    hosts: [${hosts}]\n    sshConfig: ${home}/.ssh/config\n${source}`,
  )
  return { data: path.join(folder, "data"), env: { FLEET_LEDGER_CONFIG: config, ...env } }
}
