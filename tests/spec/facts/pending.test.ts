import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { targetFacets } from "#events/facets/target.js"
import { updatesFacts } from "#discovery/facts/updates.js"
import { absent, at, denied, machine, recorded } from "./materials.js"

const said = (manager: string, ...lines: string[]) => [manager, ...lines].join("\n")
const pending = (updates: string, others = {}) => at(updatesFacts(machine({ updates, ...others })), "pending")

// Constructed: those of apt after Ubuntu 22.04, of dnf after AlmaLinux 9 and Fedora 41, of apk after Alpine 3.20, of pacman after Arch.
const samples = {
  apt: [
    "libc6/jammy-updates,jammy-security 2.35-0ubuntu3.8 amd64 [upgradable from: 2.35-0ubuntu3.6]",
    "libc6/jammy-updates 2.35-0ubuntu3.8 i386 [upgradable from: 2.35-0ubuntu3.6]",
    "nodejs/nodistro 20.20.0-1nodesource1 amd64 [upgradable from: 20.1.0-1nodesource1]",
    "esm/jammy-apps-security 2 all [upgradable from: 1]",
  ],
  dnf: [
    "update ",
    "update openssl-libs.x86_64                 1:3.0.7-28.el9_4        baseos   ",
    "update glibc.i686                          2.34-100.el9_4.4        baseos   ",
    "update a-package-whose-name-is-longer-than-a-column-of-it-has-room-for.noarch",
    "update                                     2:1.0-1.el9             appstream",
    "update Obsoleting Packages",
    "update new.x86_64                          2-1                     baseos   ",
    "update     old.x86_64                      1-1                     @System  ",
    "advisory ALSA-2024:3837 Moderate/Sec.  openssl-libs-1:3.0.7-28.el9_4.x86_64",
    "advisory ALBA-2024:4078 bugfix         glibc-2.34-100.el9_4.4.i686",
  ],
  apk: [
    "busybox-1.36.1-r28                      < 1.36.1-r29 ",
    "busybox-binsh-1.36.1-r28                < 1.36.1-r29 ",
    "openssl-3.3.0-r2 < 3.3.2-r1 @edge",
  ],
  pacman: [
    "linux 6.9.7.arch1-1 -> 6.9.8.arch1-1",
    "linux-lts 6.6.1-1 -> 6.6.2-1 [ignored]",
    "shadow 4.15-1 -> 1:4.16-1",
  ],
}

describe("what a package manager would bring", () => {
  it("is for security when a suite for that has it", () => {
    expect(at(updatesFacts(recorded), "pending")).toEqual({
      "pkg:bash": { version: "5.2.15-2+b13", security: false },
      "pkg:openssl": { version: "3.0.22-1~deb12u2", security: true },
      "pkg:python3-jwt": { version: "2.6.0-1+deb12u1", security: true },
      "pkg:python3-xmltodict": { version: "0.13.0-1.1~deb12u1", security: false },
      "pkg:tzdata": { version: "2026f-0+deb12u1", security: true },
      "pkg:unzip": { version: "6.0-28+deb12u1", security: true },
    })
    const both = ["amd64", "i386"].map((of) => `Package: libc6\nStatus: install ok installed\nArchitecture: ${of}\n`)
    const installed = ["Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\n", ...both].join("\n")
    expect(pending(said("apt", ...samples.apt), { "dpkg-status": installed })).toEqual({
      "pkg:libc6": { version: "2.35-0ubuntu3.8", security: true },
      "pkg:libc6:i386": { version: "2.35-0ubuntu3.8", security: false },
      "pkg:nodejs": { version: "20.20.0-1nodesource1", security: false },
      "pkg:esm": { version: "2", security: true },
    })
  })

  it("is for security when an advisory says so, in the words of dnf and of what came before and after it", () => {
    const others = {
      "dpkg-status": absent,
      "rpm-packages": "rpm\t0:4\tx86_64\nglibc\t0:2.34-100.el9\tx86_64\nglibc\t0:2.34-100.el9\ti686",
    }
    for (const manager of ["dnf", "yum"])
      expect(pending(said(manager, ...samples.dnf), others)).toEqual({
        "pkg:openssl-libs": { version: "1:3.0.7-28.el9_4", security: true },
        "pkg:glibc:i686": { version: "2.34-100.el9_4.4", security: false },
        "pkg:a-package-whose-name-is-longer-than-a-column-of-it-has-room-for": {
          version: "2:1.0-1.el9",
          security: false,
        },
      })
    const byDnf5 = [
      "update vim-minimal.x86_64 2:9.1.866-1.fc41 updates",
      "advisory Name                   Type     Severity                   Package              Issued",
      "advisory FEDORA-2024-4d2b1f5ad6 security Moderate  vim-minimal-2:9.1.866-1.fc41.x86_64 2024-11-16 02:20:11",
    ]
    expect(pending(said("dnf", ...byDnf5))).toEqual({
      "pkg:vim-minimal": { version: "2:9.1.866-1.fc41", security: true },
    })
  })

  it("is not said to be for security or not where no list tells", () => {
    expect(pending(said("dnf", "update bash.x86_64 5.1.8-9.el9 baseos"))).toEqual({
      "pkg:bash": { version: "5.1.8-9.el9", security: null },
    })
    expect(pending(said("apk", ...samples.apk))).toEqual({
      "pkg:busybox": { version: "1.36.1-r29", security: null },
      "pkg:busybox-binsh": { version: "1.36.1-r29", security: null },
      "pkg:openssl": { version: "3.3.2-r1", security: null },
    })
    expect(pending(said("pacman", ...samples.pacman))).toEqual({
      "pkg:linux": { version: "6.9.8.arch1-1", security: null },
      "pkg:shadow": { version: "1:4.16-1", security: null },
    })
  })

  it("is nothing where the manager says nothing, and not known where it did not answer", () => {
    expect(pending(said("apt", ""))).toEqual({})
    for (const [updates, why] of [
      [absent, "no package manager that is known"],
      [denied, "permission denied"],
      [said("apt", "denied apt took longer than 20 s"), "apt took longer than 20 s"],
      [said("slackpkg", "a b"), "it is not known what this package manager says"],
    ] as const)
      expect(updatesFacts(machine({ updates }))).toEqual({
        fields: { rebootRequired: false },
        notLooked: { "/updates/pending": why },
      })
  })

  it("is held by its schema, whatever is said", () => {
    const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"))
    const lines = fc.constantFrom(...Object.values(samples).flat())
    const damaged = fc
      .tuple(lines, fc.nat(), noise)
      .map(([line, where, put]) => line.slice(0, where % line.length) + put + line.slice((where * 7) % line.length))
    const texts = fc.tuple(fc.constantFrom(...Object.keys(samples)), fc.array(fc.oneof(damaged, noise)))
    const law = fc.property(texts, ([manager, given]) => {
      targetFacets.updates.parse(updatesFacts(machine({ updates: said(manager, ...given) })).fields)
    })
    expect(() => fc.assert(law, { numRuns: 500 })).not.toThrow()
  })
})
