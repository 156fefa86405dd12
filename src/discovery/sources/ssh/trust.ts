/** Whether whoever answers is who was meant, from the files that ssh asks and from what was enrolled; and what a person is told if not. */
import * as fs from "node:fs"
import { FleetError } from "#kernel/errors.js"
import {
  fingerprint,
  type HostKey,
  judge,
  keyText,
  type KnownHost,
  knownHost,
  knownName,
  parseKnownHosts,
} from "./known-hosts.js"
import type { Destination } from "./resolve.js"

/** A key that the ledger trusts. */
export interface EnrolledKey {
  /** As known_hosts has it: `[host]:port` unless the port is 22. */
  readonly name: string
  /** As `ssh-ed25519 AAAA…`. */
  readonly key: string
}

export interface Trust {
  readonly name: string
  readonly known: readonly KnownHost[]
}

export function trustFor(destination: Destination, enrolled: readonly EnrolledKey[]): Trust {
  const { hostName, port, keyAlias, knownHostsFiles } = destination
  return {
    name: knownName(hostName, port, keyAlias),
    known: [
      ...enrolled.flatMap(({ name, key }) => knownHost(name, key)),
      ...knownHostsFiles.flatMap((file) => parseKnownHosts(textOf(file))),
    ],
  }
}

/** @returns what speaks against the key that is offered */
export function objection({ alias }: Destination, { name, known }: Trust, offered: HostKey): FleetError | undefined {
  const verdict = judge(known, name, offered)
  const details = {
    host: alias,
    name,
    algorithm: offered.type,
    key: keyText(offered),
    fingerprint: fingerprint(offered),
  }
  const shown = `${offered.type} ${details.fingerprint}`
  switch (verdict.is) {
    case "trusted":
      return undefined
    case "unknown":
      return new FleetError(
        "HostKeyUnknown",
        `nobody has said yet that ${alias} has the key ${shown}; compare it with the one on the host, then: fleet-ledger enroll ${alias}`,
        { details },
      )
    case "revoked":
      return new FleetError("HostKeyRevoked", `${alias} offers the key ${shown}, which is revoked: do not trust it`, {
        details,
      })
    case "changed":
      return new FleetError(
        "HostKeyChanged",
        `${alias} offers the key ${shown}, but is known by ${verdict.known.join(", ")}: somebody else may be answering. If it was given a new key, take the old one out of known_hosts, then: fleet-ledger enroll ${alias}`,
        { details: { ...details, known: verdict.known } },
      )
  }
}

/** A file that is not there, or may not be read, trusts nobody. */
function textOf(file: string): string {
  try {
    return fs.readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
