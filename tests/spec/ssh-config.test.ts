/** ssh's configuration files, held against what OpenSSH's own `ssh -G` makes of them where it is there. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { parseConfig } from "#discovery/sources/ssh/config.js"
import { type Destination, type Environment, resolve, type SshHost } from "#discovery/sources/ssh/resolve.js"
import { needs } from "#tests/support/real-parts.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

async function reader(files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}) {
  const home = await tempFolder()
  for (const [name, text] of Object.entries(files)) {
    await fs.mkdir(path.dirname(path.join(home, name)), { recursive: true })
    await fs.writeFile(path.join(home, name), text)
  }
  const configFiles = [path.join(home, ".ssh/config"), path.join(home, "system")]
  const environment: Environment = { configFiles, home, localUser: "me", env }
  return { home, environment, read: (host: SshHost): Destination => resolve(host, environment) }
}

const config = (text: string) => reader({ ".ssh/config": text })
const ways = ({ via }: Destination) => via.map(({ user, hostName, port }) => `${user}@${hostName}:${port}`)

describe("a host that no file knows", () => {
  it("is itself, at ssh's port, for whoever asks, with the keys that ssh would try", async () => {
    const { home, read } = await reader({})
    expect(read({ alias: "web1" })).toMatchObject({
      hostName: "web1",
      port: 22,
      user: "me",
      identitiesOnly: false,
      via: [],
    })
    expect(read({ alias: "web1" }).identityFiles).toEqual(
      ["id_ed25519", "id_ecdsa", "id_rsa"].map((key) => path.join(home, ".ssh", key)),
    )
  })
})

describe("a host's settings", () => {
  it("are the first that apply, and all of its keys", async () => {
    const { home, read } = await reader({
      ".ssh/config":
        'Host web* !web9\n  HostName=%h.example.org\n  Port 2222\n  IdentityFile "~/my keys/%r@%h"\nHost *\n  User fleet\n  Port 1\n  IdentityFile %d/k-%u\n',
      system: "Host *\n User nobody\n UserKnownHostsFile /a /b\n GlobalKnownHostsFile none",
    })
    expect(read({ alias: "web1" })).toMatchObject({
      hostName: "web1.example.org",
      port: 2222,
      user: "fleet",
      identityFiles: [path.join(home, "my keys/fleet@web1.example.org"), path.join(home, "k-me")],
      identitiesNamed: true,
      knownHostsFiles: ["/a", "/b"],
    })
    expect(read({ alias: "web9" })).toMatchObject({ hostName: "web9", port: 1 })
  })

  it("give way to those of the source", async () => {
    const { read } = await config("Host *\n HostName h\n Port 3\n User u\n IdentityFile /k\n")
    const own = { hostName: "10.0.0.1", port: 4, user: "root", key: "/mine" }
    const { identityFiles, ...rest } = read({ alias: "web1", ...own })
    expect(rest).toMatchObject({ hostName: "10.0.0.1", port: 4, user: "root", identitiesOnly: true })
    expect(identityFiles).toEqual(["/mine"])
  })

  it("come from included files as well, within the block that includes them", async () => {
    const { read } = await reader({
      ".ssh/config": "Include conf.d/*.conf\nHost a\n Include only-a\nHost *\n User last\n",
      ".ssh/conf.d/1.conf": "Host a b\n Port 11\n",
      ".ssh/conf.d/2.conf": "Host b\n User of-b\n Port 12\n",
      ".ssh/conf.d/.3.conf": "User hidden\n",
      ".ssh/only-a": "Host *\n HostName of-a\n",
    })
    expect(read({ alias: "a" })).toMatchObject({ port: 11, user: "last", hostName: "of-a" })
    expect(read({ alias: "b" })).toMatchObject({ port: 11, user: "of-b", hostName: "b" })
  })

  it("may name an agent, or none", async () => {
    const { home, read } = await reader(
      { ".ssh/config": "Host a\n IdentityAgent ~/agent\nHost b\n IdentityAgent none\nHost c\n IdentityAgent $OTHER\n" },
      { SSH_AUTH_SOCK: "/run/agent", OTHER: "/run/other" },
    )
    const agents = ["a", "b", "c", "d"].map((alias) => read({ alias }).agent)
    expect(agents).toEqual([path.join(home, "agent"), undefined, "/run/other", "/run/agent"])
  })
})

describe("the way to a host", () => {
  it("leads through its jumps, each with its own settings, the first one's own jumps in front", async () => {
    const { read } = await config(
      "Host inner\n ProxyJump me2@middle:2200,[fe80::1]\nHost middle\n HostName m.example.org\n ProxyJump outer\nHost outer\n Port 1022\nHost *\n User fleet\n",
    )
    expect(ways(read({ alias: "inner" }))).toEqual(["fleet@outer:1022", "me2@m.example.org:2200", "fleet@fe80::1:22"])
  })

  it("is straight with none, which also goes over a ProxyCommand", async () => {
    const { read } = await config("Host a\n ProxyJump none\nHost *\n ProxyJump b\n ProxyCommand nc %h\n")
    expect(read({ alias: "a" }).via).toEqual([])
  })

  it.each([
    ["a loop", "Host a\n ProxyJump b\nHost b\n ProxyJump a\n", "the way to a leads through itself: a → b → a"],
    ["a name that grows", "Host *\n ProxyJump b%h\n", "the way to a leads through more than 16 hosts"],
    ["a ProxyCommand", "ProxyCommand nc %h %p\n", "ProxyCommand"],
    ["a hop that is none", "ProxyJump @:\n", "no host"],
    ["a port that is none", "Port 70000\n", "70000"],
    ["a token that only ssh knows", "IdentityFile ~/%C\n", "%C"],
    ["a file that includes itself", "Include config\n", "included by itself"],
  ])("is refused for %s", async (_, text, words) => {
    const { read } = await config(text)
    const refusal = await refusalOf(() => read({ alias: "a" }))
    expect(refusal.code).toBe("InvalidConfig")
    expect(refusal.message).toContain(words)
  })
})

describe("a Match block", () => {
  it("applies by host, user and their like", async () => {
    const { read } = await config(
      "Host a\n HostName a.org\nMatch host *.org user me\n Port 2\nMatch originalhost a,b !localuser me\n Port 3\nMatch all\n User all\n",
    )
    expect(read({ alias: "a" })).toMatchObject({ port: 2, user: "all" })
    expect(read({ alias: "b" })).toMatchObject({ port: 22, user: "all" })
  })

  it("that cannot be told is passed over where it says nothing that matters, and refused otherwise", async () => {
    const { read } = await reader({
      ".ssh/config": "Match final all\n Include ciphers\nMatch exec true host b\n Port 3\n",
      ".ssh/ciphers": "Ciphers aes256-ctr\n",
    })
    expect(read({ alias: "a" }).port).toBe(22)
    expect((await refusalOf(() => read({ alias: "b" }))).message).toContain('depends on "Match exec true"')
  })
})

describe("any text", () => {
  const piece = fc.constantFrom(
    "Host ",
    "Match ",
    "host ",
    "!",
    "*",
    '"',
    "=",
    "\n",
    " ",
    "#",
    "all",
    "exec x",
    "ProxyJump b",
    "Port 2",
    "%h",
    "${X}",
    "Include x",
  )
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.array(piece).map((parts) => parts.join("")),
  )

  it("is read, or refused as configuration", async () => {
    const { home, environment, read } = await reader({ ".ssh/config": "" })
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        expect(parseConfig(text).every(({ words }) => words.length > 0)).toBe(true)
        await fs.writeFile(path.join(home, ".ssh/config"), text)
        try {
          expect(read({ alias: "a" }).alias).toBe("a")
        } catch (error) {
          expect(error).toMatchObject({ code: "InvalidConfig" })
        }
        expect(environment.home).toBe(home)
      }),
    )
  })
})

describe.runIf(needs("ssh"))("OpenSSH itself", () => {
  it("resolves the same", async () => {
    const { home, read } = await config(
      "Host web* !web9\n HostName %h.example.org\n Port=2222 # a comment\n IdentityFile /keys/a\nMatch originalhost web1\n User one\n ProxyJump outer\nHost *\n User fleet\n Port 1\n IdentityFile /keys/b\n HostKeyAlias rack\n",
    )
    for (const alias of ["web1", "web9", "db"]) {
      const theirs = execFileSync("ssh", ["-G", "-F", path.join(home, ".ssh/config"), alias], {
        encoding: "utf8",
        stdio: "pipe",
      }).split("\n")
      const ours = read({ alias })
      expect(theirs).toEqual(
        expect.arrayContaining([
          `hostname ${ours.hostName}`,
          `port ${ours.port}`,
          `user ${ours.user}`,
          `hostkeyalias ${ours.keyAlias}`,
          ...ours.identityFiles.map((file) => `identityfile ${file}`),
          ...ours.via.map((hop) => `proxyjump ${hop.alias}`),
        ]),
      )
    }
  })
})
