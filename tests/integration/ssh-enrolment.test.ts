/** A host whose key nobody knows, from the refusal to the first look that succeeds. */
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { localOwner } from "#api/access.js"
import { discover } from "#operations/discover.js"
import { enroll } from "#operations/enroll.js"
import { invoke } from "#operations/invoke.js"
import type { Act } from "#operations/define.js"
import { open } from "#tests/support/folder-fleet.js"
import { origin } from "#kernel/point.js"
import { refusalOf } from "#tests/support/refusal.js"
import { SshFleet, sshFleetsCanBeMade } from "#tests/support/ssh-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"

/** A fleet with one host over ssh, by a configuration as people write it; nothing of this machine's own is asked. */
async function fleetOfStrangers() {
  const hosts = await SshFleet.start(1)
  const [host] = hosts.hosts
  if (host === undefined) throw new Error("no hosts")
  const sshConfig = path.join(hosts.home, ".ssh/config")
  hosts.configure(
    `Host *\n User root\n UserKnownHostsFile ${hosts.folder}/nobody\n GlobalKnownHostsFile none\n IdentityFile ${hosts.home}/.ssh/id_ed25519\n IdentitiesOnly yes\n IdentityAgent none`,
  )
  const fleet = await open(
    await tempFolder(),
    `sources: [{ name: rack, kind: ssh, hosts: [host1], sshConfig: ${JSON.stringify(sshConfig)} }]`,
  )
  const call = { fleet, principal: localOwner(), signal: new AbortController().signal, progress: () => undefined }
  const ask = async <T>(operation: Act, input: object = {}) => (await invoke(operation, call, { ...input })) as T
  return { fleet, host, ask }
}

interface Discovered {
  readonly runs: readonly { readonly outcome: string; readonly failed: readonly { code: string; message: string }[] }[]
}
interface Enrolled {
  readonly offered: readonly { readonly fingerprint: string }[]
  readonly trusted: readonly { readonly fingerprint: string }[]
}

describe.runIf(sshFleetsCanBeMade())("a host whose key nobody knows", () => {
  it("is not looked at until somebody says which key is its own", async () => {
    const { fleet, host, ask } = await fleetOfStrangers()
    const look = async () => (await ask<Discovered>(discover)).runs[0]
    const fingerprint = host.fingerprint

    const refused = await look()
    expect(refused).toMatchObject({
      outcome: "failed",
      targets: 0,
      failed: [{ target: "host1", code: "HostKeyUnknown" }],
    })
    expect(refused?.failed[0]?.message).toBe(
      `nobody has said yet that host1 has the key ssh-ed25519 ${fingerprint}; compare it with the one on the host, then: fleet-ledger enroll host1`,
    )

    const asked = await ask<Enrolled>(enroll, { host: "host1" })
    expect([asked.offered, asked.trusted]).toEqual([[expect.objectContaining({ fingerprint })], []])
    const wrong = await refusalOf(() =>
      ask(enroll, { host: "host1", fingerprint: "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8" }),
    )
    expect([wrong.code, wrong.message]).toEqual([
      "InvalidInput",
      `host1 offers no key with that fingerprint, but ssh-ed25519 ${fingerprint}`,
    ])
    expect(await look()).toMatchObject({ outcome: "failed" })
    expect(host.logins).toBe(0)

    expect(
      (await ask<Enrolled>(enroll, { host: "host1", fingerprint, reason: "read from its console" })).trusted,
    ).toMatchObject([{ fingerprint }])
    const events = await fleet.ledger.readAll({ after: origin, types: ["HostKeyTrusted"], limit: 10 })
    expect(events).toMatchObject([
      {
        stream: "source-rack",
        data: { source: "rack", name: host.knownName, algorithm: "ssh-ed25519", key: host.publicKey, fingerprint },
        metadata: { reason: "read from its console" },
      },
    ])
    expect(await look()).toMatchObject({ outcome: "completed", targets: 1, failed: [] })
  })

  it("is trusted at first use where somebody wants that, and no other key after it", async () => {
    const { host, ask } = await fleetOfStrangers()
    await ask(enroll, { host: "host1", firstUse: true })
    expect((await ask<Discovered>(discover)).runs).toMatchObject([{ outcome: "completed" }])
    await host.changeHostKey()
    expect((await ask<Discovered>(discover)).runs).toMatchObject([
      { outcome: "failed", failed: [{ code: "HostKeyChanged" }] },
    ])
  })
})
