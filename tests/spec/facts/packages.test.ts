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

  it("are those that are there, on the way to another version too; not those of which only the configuration is left", () => {
    const status = [
      paragraph("dpkg", "install ok installed", "amd64", "1"),
      paragraph("held", "hold ok installed", "amd64", "2"),
      paragraph("going", "deinstall ok installed", "amd64", "3"),
      paragraph("gone", "deinstall ok config-files", "amd64", "4"),
      paragraph("broken", "install ok half-configured", "amd64", "5"),
      paragraph("unpacked", "install reinstreq half-installed", "amd64", "6"),
      paragraph("waiting", "install ok triggers-pending", "amd64", "7"),
      paragraph("never", "purge ok not-installed", "amd64", "8"),
      "Package: coming\nStatus: install reinstreq half-installed\nArchitecture: amd64\n",
    ].join("\n")
    expect(keys(packagesFacts(machine({ "dpkg-status": status })).fields)).toEqual([
      "pkg:broken",
      "pkg:dpkg",
      "pkg:going",
      "pkg:held",
      "pkg:unpacked",
      "pkg:waiting",
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

  it("are not looked at where no manager that is known keeps any", () => {
    expect(packagesFacts(machine({ "dpkg-status": absent }))).toEqual({
      fields: undefined,
      notLooked: { "/packages": "no package database" },
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

// Constructed after what `rpm -qa` says on AlmaLinux 9, /lib/apk/db/installed of Alpine 3.20 and the folders of Arch.
describe("the packages of another manager", () => {
  it("are what rpm lists, without epochs of 0 and without its keys", () => {
    const listed = [
      "bash\t0:5.1.8-9.el9\tx86_64",
      "rpm\t0:4.16.1.3-29.el9\tx86_64",
      "openssl-libs\t1:3.0.7-27.el9\tx86_64",
      "glibc\t0:2.34-100.el9\ti686",
      "glibc\t0:2.34-100.el9\tx86_64",
      "tzdata\t0:2024a-1.el9\tnoarch",
      "gpg-pubkey\t0:b86b3716-61e69f29\t(none)",
    ]
    const there = packagesFacts(machine({ "dpkg-status": absent, "rpm-packages": listed.join("\n") })).fields
    const back = packagesFacts(machine({ "dpkg-status": absent, "rpm-packages": listed.reverse().join("\n") })).fields
    expect(there).toEqual({
      "pkg:bash": { version: "5.1.8-9.el9", architecture: "x86_64" },
      "pkg:glibc": { version: "2.34-100.el9", architecture: "x86_64" },
      "pkg:glibc:i686": { version: "2.34-100.el9", architecture: "i686" },
      "pkg:openssl-libs": { version: "1:3.0.7-27.el9", architecture: "x86_64" },
      "pkg:rpm": { version: "4.16.1.3-29.el9", architecture: "x86_64" },
      "pkg:tzdata": { version: "2024a-1.el9", architecture: "noarch" },
    })
    expect(back).toEqual(there)
  })

  it("have all the versions that are there at once", () => {
    const listed = "kernel-core\t0:5.14.0-427.el9\tx86_64\nrpm\t0:4\tx86_64\nkernel-core\t0:5.14.0-362.el9\tx86_64"
    expect(packagesFacts(machine({ "dpkg-status": absent, "rpm-packages": listed })).fields).toMatchObject({
      "pkg:kernel-core": { version: "5.14.0-362.el9, 5.14.0-427.el9" },
    })
  })

  it("are what apk's database has", () => {
    const installed = [
      "C:Q1s+pOVuDDyZRHOgoWsMX5jVyVZZ8=\nP:apk-tools\nV:2.14.4-r1\nA:x86_64\nS:121154\nT:Alpine Package Keeper\nF:sbin\nR:apk",
      "P:alpine-baselayout-data\nV:3.6.5-r0\nA:noarch\no:alpine-baselayout",
    ]
    expect(
      packagesFacts(machine({ "dpkg-status": absent, "apk-installed": `${installed.join("\n\n")}\n\n` })).fields,
    ).toEqual({
      "pkg:apk-tools": { version: "2.14.4-r1", architecture: "x86_64" },
      "pkg:alpine-baselayout-data": { version: "3.6.5-r0", architecture: "noarch" },
    })
  })

  it("are what pacman has a folder of", () => {
    const folders = "ALPM_DB_VERSION\nacl-2.3.2-1\nca-certificates-mozilla-3.104-1\nshadow-1:4.16.0-1"
    expect(packagesFacts(machine({ "dpkg-status": absent, "pacman-local": folders })).fields).toEqual({
      "pkg:acl": { version: "2.3.2-1" },
      "pkg:ca-certificates-mozilla": { version: "3.104-1" },
      "pkg:shadow": { version: "1:4.16.0-1" },
    })
  })

  it("are not those of a second manager, if the first may not be asked", () => {
    const other = { "apk-installed": "P:a\nV:1\nA:x86_64\n" }
    expect(packagesFacts(machine({ "dpkg-status": denied, ...other })).fields).toBeUndefined()
  })
})

/** Constructed, in the order in which dpkg writes the fields. */
function paragraph(name: string, status: string, architecture: string, version: string): string {
  return `Package: ${name}\nStatus: ${status}\nPriority: optional\nArchitecture: ${architecture}\nVersion: ${version}\nDescription: x\n y\n`
}
