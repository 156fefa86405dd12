import { describe, expect, it } from "vitest"
import { packagesFacts } from "#discovery/facts/packages.js"
import { absent, denied, keys, machine, recorded } from "./materials.js"

describe("the packages of a machine", () => {
  it("are what dpkg has installed", () => {
    expect(packagesFacts(recorded).fields).toEqual({
      "pkg:adduser": { version: "3.134", architecture: "all" },
      "pkg:bash": { version: "5.2.15-2+b8", architecture: "amd64" },
      "pkg:dpkg": { version: "1.21.22", architecture: "amd64" },
      "pkg:libc6": { version: "2.36-9+deb12u14", architecture: "amd64" },
      "pkg:openssl": { version: "3.0.19-1~deb12u2", architecture: "amd64" },
      "pkg:tzdata": { version: "2025b-0+deb12u2", architecture: "all" },
    })
  })

  it("are those that are installed, whatever is wanted of them; not those of which only the configuration is left", () => {
    const status = [
      paragraph("dpkg", "install ok installed", "amd64", "1"),
      paragraph("held", "hold ok installed", "amd64", "2"),
      paragraph("going", "deinstall ok installed", "amd64", "3"),
      paragraph("gone", "deinstall ok config-files", "amd64", "4"),
      paragraph("broken", "install ok half-configured", "amd64", "5"),
      paragraph("unpacked", "install reinstreq half-installed", "amd64", "6"),
    ].join("\n")
    expect(keys(packagesFacts(machine({ "dpkg-status": status })).fields)).toEqual([
      "pkg:dpkg",
      "pkg:going",
      "pkg:held",
    ])
  })

  it("carry their architecture in the name only when it is a foreign one", () => {
    const status = [
      paragraph("libc6", "install ok installed", "i386", "2.36"),
      paragraph("libc6", "install ok installed", "amd64", "2.36"),
      paragraph("wine32", "install ok installed", "i386", "8.0"),
      paragraph("tzdata", "install ok installed", "all", "2025b"),
      paragraph("dpkg", "install ok installed", "amd64", "1.21"),
    ]
    const there = packagesFacts(machine({ "dpkg-status": status.join("\n") })).fields
    const back = packagesFacts(machine({ "dpkg-status": status.reverse().join("\n") })).fields
    expect(keys(there)).toEqual(["pkg:dpkg", "pkg:libc6", "pkg:libc6:i386", "pkg:tzdata", "pkg:wine32:i386"])
    expect(back).toEqual(there)
  })

  it("are not looked at where there is no dpkg: there may be another manager", () => {
    expect(packagesFacts(machine({ "dpkg-status": absent }))).toEqual({
      fields: undefined,
      notLooked: { "/packages": "no dpkg database" },
    })
    expect(packagesFacts(machine({ "dpkg-status": denied })).notLooked).toEqual({ "/packages": "permission denied" })
  })

  it("are none where dpkg has installed none", () => {
    expect(packagesFacts(machine({ "dpkg-status": "" })).fields).toEqual({})
  })

  it("are not confused by what a description says", () => {
    const status = `Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nDescription: about fields\n Version: 9\n .\n Status: x\nVersion: 1\n`
    expect(packagesFacts(machine({ "dpkg-status": status })).fields).toEqual({
      "pkg:dpkg": { version: "1", architecture: "amd64" },
    })
  })
})

/** Constructed, in the order in which dpkg writes the fields. */
function paragraph(name: string, status: string, architecture: string, version: string): string {
  return `Package: ${name}\nStatus: ${status}\nPriority: optional\nArchitecture: ${architecture}\nVersion: ${version}\nDescription: x\n y\n`
}
