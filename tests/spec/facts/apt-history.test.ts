/** apt's log of transactions, as real ones were written: who had what done, and what of it accounts for a change. */
import { aptCauses } from "#discovery/facts/apt-history.js"
import type { Json } from "#kernel/json.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const log = `+0130
e: cut:amd64 (1)
End-Date: 2026-11-24  10:00:00

Start-Date: 2026-11-25  16:16:40
Commandline: apt-get install -y -o Acquire::http::Proxy=http://me:hunter2@proxy --no-install-recommends nginx
Requested-By: alice (1000)
Install: libpcre2:amd64 (10.42-1, automatic), nginx:amd64 (1.22.1-9)
Upgrade: libc6:amd64 (2.36-9, 2.36-9+deb12u1), libc6:i386 (2.36-9, 2.36-9+deb12u1)
Remove: apache2:amd64 (2.4.57-2)
End-Date: 2026-11-25  16:17:22

Start-Date: 2026-11-25  19:20:17
Commandline: /usr/bin/unattended-upgrade
Upgrade: nginx:amd64 (1.22.1-9, 1.22.1-9+deb12u1)
End-Date: 2026-11-25  19:20:39
`
const [unattended, alice, ...others] = aptCauses(log, "this-machine", "amd64")
const did = (cause: typeof alice, path: string, after: Json) => cause?.did({ path, before: null, after })

describe("a transaction of apt's", () => {
  it("is by whoever asked for it, when it ended, and tells what was asked for and no options", () => {
    const at = "2026-11-25T14:47:22.000Z"
    expect(alice).toMatchObject({ by: "alice", reason: "apt-get install nginx", at, nativeKey: "this-machine" })
    expect(unattended).toMatchObject({ reason: "/usr/bin/unattended-upgrade" })
    expect(unattended).not.toHaveProperty("by")
    expect(others).toStrictEqual([])
  })

  it("accounts for the versions that it brought and for what it removed, and for nothing else", () => {
    expect(did(alice, "/packages/pkg:nginx", { version: "1.22.1-9", architecture: "amd64" })).toBe(true)
    expect(did(alice, "/packages/pkg:libc6/version", "2.36-9+deb12u1")).toBe(true)
    expect(did(alice, "/packages/pkg:libc6:i386/version", "2.36-9+deb12u1")).toBe(true)
    expect(did(alice, "/packages/pkg:apache2", null)).toBe(true)
    expect(did(unattended, "/packages/pkg:nginx/version", "1.22.1-9+deb12u1")).toBe(true)

    expect(did(alice, "/packages/pkg:nginx/version", "9")).toBe(false)
    expect(did(alice, "/packages/pkg:nginx", null)).toBe(false)
    expect(did(alice, "/packages/pkg:apache2", { version: "2.4.57-2" })).toBe(false)
    expect(did(unattended, "/packages/pkg:libc6/version", "2.36-9+deb12u1")).toBeUndefined()
    expect(did(alice, "/os/kernel", "6.1")).toBeUndefined()
  })

  it("is nothing that any text could break", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (field, text) => {
        const paragraph = `+0000\nStart-Date: 2026-11-25  19:20:17\n${field}: ${text}\nInstall: ${text}`
        for (const cause of aptCauses(paragraph, "a", "amd64")) expect(did(cause, text, text)).not.toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})
