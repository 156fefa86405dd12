/** known_hosts as OpenSSH writes and reads it. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import {
  fingerprint,
  hostKey,
  hostKeyAlgorithms,
  judge,
  keyText,
  knownHost,
  knownName,
  parseKnownHosts,
} from "#discovery/sources/ssh/known-hosts.js"
import { needs } from "#tests/support/real-parts.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

function key(type: string, seed: number) {
  const made = hostKey(Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), Buffer.alloc(36, seed)]))
  if (made === undefined) throw new Error("no key")
  return made
}
const [ours, other, rsa] = [key("ssh-ed25519", 1), key("ssh-ed25519", 2), key("ssh-rsa", 3)]
const verdict = (text: string, name: string, offered = ours) => judge(parseKnownHosts(text), name, offered)

describe("a key that is offered", () => {
  it.each([
    ["web1", "web1", "trusted"],
    ["WEB1", "web1", "trusted"],
    ["web1,10.0.0.1", "10.0.0.1", "trusted"],
    ["web?,!web2", "web1", "trusted"],
    ["web?,!web2", "web2", "unknown"],
    ["!web2", "web1", "unknown"],
    ["*.example.org", "a.b.example.org", "trusted"],
    ["*.example.org", "example.org", "unknown"],
    ["[web1]:2222", "[web1]:2222", "trusted"],
    ["[web1]:2222", "web1", "unknown"],
    ["[web1]:*", "[web1]:2222", "trusted"],
    ["web1", "[web1]:2222", "trusted"],
    ["@cert-authority web1", "web1", "unknown"],
    ["@something web1", "web1", "unknown"],
    ["# web1", "web1", "unknown"],
    ["@revoked *", "web1", "revoked"],
  ])("of a line for %s is, for %s, %s", (names, name, is) => {
    expect(verdict(`${names} ${keyText(ours)} a comment\r\n`, name)).toEqual({ is })
  })

  it("is a change where others are known, of whatever type", () => {
    const known = `web1 ${keyText(other)}\nweb1 ${keyText(rsa)}\n`
    expect(verdict(known, "web1")).toEqual({ is: "changed", known: [fingerprint(other), fingerprint(rsa)] })
    expect(verdict(known, "web1", rsa)).toEqual({ is: "trusted" })
  })

  it("is a change where another one is known with its port, though it is known without", () => {
    const known = `web1 ${keyText(ours)}\n[web1]:2222 ${keyText(other)}\n`
    expect(verdict(known, "[web1]:2222")).toEqual({ is: "changed", known: [fingerprint(other)] })
  })

  it("is revoked, though another line trusts it", () => {
    expect(verdict(`web1 ${keyText(ours)}\n@revoked * ${keyText(ours)}\n`, "web1")).toEqual({ is: "revoked" })
  })

  it("is trusted where it was enrolled, under exactly that name", () => {
    const enrolled = knownHost("[web1]:2222", keyText(ours))
    expect(judge(enrolled, knownName("web1", 2222), ours)).toEqual({ is: "trusted" })
    expect(judge(enrolled, knownName("web1", 22), ours)).toEqual({ is: "unknown" })
    expect(judge(enrolled, "[web12222", ours)).toEqual({ is: "unknown" })
  })

  it("is asked for by the algorithms of the keys that are known, and by no other first", () => {
    const known = parseKnownHosts(`web1 ${keyText(rsa)}\n`)
    expect(hostKeyAlgorithms(known, "web1").slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"])
    expect(hostKeyAlgorithms(known, "web2").slice(0, 1)).toEqual(["ssh-ed25519"])
  })
})

describe("the name that a key stands under", () => {
  it("has a port unless it is ssh's, and is the alias where there is one", () => {
    expect([knownName("Web1", 22), knownName("web1", 2222), knownName("web1", 2222, "Rack")]).toEqual([
      "web1",
      "[web1]:2222",
      "rack",
    ])
  })
})

describe("any text", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          "@revoked ",
          "|1|",
          "*",
          "!",
          ",",
          " ",
          "\n",
          "[",
          "]:",
          "web1",
          keyText(ours),
          "ssh-rsa AAAA",
          "#",
        ),
      )
      .map((parts) => parts.join("")),
  )

  it("is read, and trusts no key that it does not hold", () => {
    fc.assert(
      fc.property(anyText, anyText, (text, name) => {
        const { is } = verdict(text, name, other)
        expect(["unknown", "changed"]).toContain(is)
      }),
    )
  })

  it("is matched in no time by patterns of stars", () => {
    const stars = `${"*a".repeat(400)}b`
    expect(verdict(`${stars} ${keyText(ours)}`, "a".repeat(4000))).toEqual({ is: "unknown" })
  })
})

describe.runIf(needs("ssh-keygen"))("a file that ssh-keygen has hashed", () => {
  it("is read, and its keys have the fingerprints that ssh-keygen prints", async () => {
    const folder = await tempFolder()
    const file = path.join(folder, "known_hosts")
    const run = (...args: string[]) => execFileSync("ssh-keygen", args, { stdio: "pipe", encoding: "utf8" })
    run("-q", "-t", "ed25519", "-N", "", "-f", path.join(folder, "key"))
    const text = fs.readFileSync(path.join(folder, "key.pub"), "utf8")
    const offered = hostKey(Buffer.from(text.split(" ")[1] ?? "", "base64")) ?? ours
    fs.writeFileSync(file, `web1 ${text}[web2]:2222 ${text}`)
    run("-H", "-f", file)
    const hashed = fs.readFileSync(file, "utf8")
    expect(hashed).not.toContain("web")
    expect(["web1", "[web2]:2222", "web2"].map((name) => verdict(hashed, name, offered).is)).toEqual([
      "trusted",
      "trusted",
      "unknown",
    ])
    expect(run("-l", "-f", path.join(folder, "key.pub"))).toContain(fingerprint(offered))
  })
})
