/** Private keys that anybody on a real host may read: known by their names, by root, and by nobody else. */
import { lookAt } from "#tests/support/look.js"
import { SshFleet, type SshdHost, sshFleetsCanBeMade } from "#tests/support/ssh-fleet.js"
import { sshLooks } from "#tests/support/ssh-looks.js"
import { describe, expect, it } from "vitest"

describe.runIf(sshFleetsCanBeMade())("keys", () => {
  it("are told where their mode and all folders let anybody in, and not looked at by whoever sees but some", async () => {
    const hosts = await SshFleet.start(1)
    const host = hosts.hosts[0] as SshdHost
    const folder = "/etc/ssl/private"
    host.run(
      "sh",
      "-c",
      `mkdir -p ${folder} && mount -t tmpfs -o mode=755 tmpfs ${folder} && cd ${folder} && mkdir more`,
    )
    host.run("sh", "-c", `cd ${folder} && for each in open 'a b' closed other.pub; do echo x >"$each"; done`)
    host.run("sh", "-c", `cd ${folder} && chmod 600 closed && chmod 644 open 'a b' other.pub`)
    const keys = async (user = "root") => {
      // Each remembers nothing.
      const { of, coverage } = await lookAt(sshLooks(hosts)({ as: { user } }))
      const { readableKeys } = of("host1").facets["security"] ?? {}
      return [Object.keys(readableKeys ?? {}).filter((key) => key.includes(folder)), coverage]
    }
    expect((await keys())[0]).toEqual([`key:${folder}/a b`, `key:${folder}/open`])
    host.run("chmod", "700", folder)
    expect((await keys())[0]).toEqual([])
    const [seen, coverage] = await keys("fleet")
    expect(seen).toEqual([])
    expect(JSON.stringify(coverage)).toContain('"/security/readableKeys":"only root sees all keys"')
  })
})
