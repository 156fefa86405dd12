import { describe, expect, it } from "vitest"
import type { Material } from "#discovery/facts/material.js"
import { socketsFacts } from "#discovery/facts/sockets.js"
import { absent, at, denied, keys, machine, recorded } from "./materials.js"
import { type Row, table } from "./tables.js"

const none = table([])

function sockets(
  tables: Partial<Record<"tcp" | "tcp6" | "udp" | "udp6", readonly Row[]>>,
  owners: string | Material = "",
) {
  const texts = Object.entries(tables).map(([name, rows]) => [name, table(rows)])
  return socketsFacts(
    machine({ tcp: none, tcp6: none, udp: none, udp6: none, "socket-owners": owners, ...Object.fromEntries(texts) }),
  )
}

const owner = (inode: number, pid: number, uid: number, name: string) =>
  `${inode}\t${pid}\t${uid}\t/\t/usr/bin/${name}\t${name}`
const partly = (text: string): Material => ({ text, partial: "permission denied" })

describe("what a machine listens on", () => {
  it("is TCP that listens and UDP that is bound, with who does it", () => {
    expect(socketsFacts(recorded).fields).toEqual({
      "tcp:127.0.0.1:8125": { port: 8_125, address: "127.0.0.1", process: "node", user: "www-data" },
      "tcp:2024": { port: 2_024, address: "0.0.0.0", user: "root" },
      "tcp:8126": { port: 8_126, address: "*", process: "python3", user: "root" },
      "tcp:8128": { port: 8_128, address: "0.0.0.0", process: "python3", user: "root" },
      "tcp:[::1]:8129": { port: 8_129, address: "::1", process: "python3", user: "root" },
      "udp:127.0.0.1:8127": { port: 8_127, address: "127.0.0.1", process: "python3", user: "root" },
      "udp:8130": { port: 8_130, address: "*", process: "python3", user: "root" },
    })
  })

  it("says of a process that hides its files from root that nobody could see it, not that there is none", () => {
    expect(socketsFacts(recorded).notLooked).toEqual({
      "/sockets/*/process": "permission denied to the open files of some processes",
    })
  })

  it("leaves out connections, and whatever is on a port that the kernel gives to anybody", () => {
    const facts = sockets({
      tcp: [
        { local: "0100007F:0016", state: "01" },
        { local: "00000000:0016" },
        { local: "00000000:7FFF" },
        { local: "00000000:8000" },
        { local: "0100007F:A47D" },
      ],
      udp: [
        { local: "00000000:0035", state: "07" },
        { local: "00000000:0036", state: "01" },
        { local: "00000000:8000", state: "07" },
        { local: "00000000:EE47", state: "07" },
        { local: "00000000:EE48", state: "07" },
      ],
    })
    expect(keys(facts.fields)).toEqual(["tcp:22", "tcp:32767", "udp:53", "udp:61000"])
  })

  it("is one thing on all addresses, of IPv4 or of both", () => {
    expect(sockets({ tcp: [{ local: "00000000:0050" }] }).fields).toMatchObject({ "tcp:80": { address: "0.0.0.0" } })
    const v6 = [{ local: `${"0".repeat(32)}:0050` }]
    expect(sockets({ tcp6: v6 }).fields).toMatchObject({ "tcp:80": { address: "*" } })
    const both = sockets({ tcp: [{ local: "00000000:0050" }], tcp6: v6 })
    expect(both.fields).toEqual({ "tcp:80": { port: 80, address: "*", process: null, user: "root" } })
  })

  it.each([
    ["B80D0120000000000000000005000000", "tcp:[2001:db8::5]:80", "2001:db8::5"],
    ["000080FE00000000FF00FC02010000FE", "tcp:[fe80::2fc:ff:fe00:1]:80", "fe80::2fc:ff:fe00:1"],
    ["0000000000000000FFFF00000100007F", "tcp:127.0.0.1:80", "127.0.0.1"],
    ["0000000000000000FFFF000000000000", "tcp:80", "0.0.0.0"],
    ["00000120000001000000000001000000", "tcp:[2001:0:1::1]:80", "2001:0:1::1"],
    ["B80D0120000000000000010001000000", "tcp:[2001:db8::1:0:0:1]:80", "2001:db8::1:0:0:1"],
  ])("writes the address %s as a person would", (hex, key, address) => {
    expect(sockets({ tcp6: [{ local: `${hex}:0050` }] }).fields).toMatchObject({ [key]: { address } })
  })

  it("belongs to the process with the lowest number of those that hold it", () => {
    const lines = [owner(1, 900, 0, "worker"), owner(1, 20, 0, "master"), owner(1, 901, 0, "worker")]
    expect(at(sockets({ tcp: [{ local: "00000000:0050" }] }, lines.join("\n")), "tcp:80", "process")).toBe("master")
  })

  it("has no process when everybody's could be seen and none holds it, as for the kernel's own", () => {
    expect(at(sockets({ tcp: [{ local: "00000000:0801" }] }), "tcp:2049", "process")).toBeNull()
  })

  it("trusts a holder that could be seen only when it has opened the socket itself", () => {
    const rows = [
      { local: "00000000:0050", uid: 0, inode: 1 },
      { local: "00000000:1F90", uid: 33, inode: 2 },
    ]
    const lines = [owner(1, 500, 33, "worker"), owner(2, 500, 33, "worker")].join("\n")
    const facts = sockets({ tcp: rows }, partly(lines))
    expect(at(facts, "tcp:80")).toEqual({ port: 80, address: "0.0.0.0", user: "root" })
    expect(at(facts, "tcp:8080")).toEqual({ port: 8_080, address: "0.0.0.0", user: "www-data", process: "worker" })
    expect(facts.notLooked).toEqual({ "/sockets/*/process": "permission denied" })
  })

  it("names a user whom the machine does not know by the number", () => {
    expect(at(sockets({ tcp: [{ local: "00000000:0050", uid: 4_711 }] }), "tcp:80", "user")).toBe("uid:4711")
  })

  it("does not invent a user where passwd may not be read", () => {
    const { fields, notLooked } = socketsFacts(machine({ passwd: denied }))
    expect(fields?.["tcp:8128"]).not.toHaveProperty("user")
    expect(notLooked).toHaveProperty(["/sockets/*/user"], "permission denied")
  })

  it("is not looked at in part: without one of the tables nothing could be said to be gone", () => {
    expect(socketsFacts(machine({ udp6: denied }))).toEqual({
      fields: undefined,
      notLooked: { "/sockets": "permission denied" },
    })
    expect(socketsFacts(machine({ "port-range": absent })).fields).toBeUndefined()
  })

  it("is that of IPv4 alone where IPv6 is switched off", () => {
    expect(keys(socketsFacts(machine({ tcp6: absent, udp6: absent })).fields)).toEqual([
      "tcp:127.0.0.1:8125",
      "tcp:2024",
      "tcp:8128",
      "udp:127.0.0.1:8127",
    ])
  })

  it("is found among fifty thousand connections without delay", () => {
    const connections = Array.from({ length: 50_000 }, (_, index) => ({
      local: "0100007F:0050",
      state: "01",
      inode: index,
    }))
    const tcp = table([{ local: "00000000:0050" }, ...connections])
    const materials = machine({ tcp })
    const started = performance.now()
    expect(keys(socketsFacts(materials).fields)).toContain("tcp:80")
    expect(performance.now() - started).toBeLessThan(500)
  })
})
