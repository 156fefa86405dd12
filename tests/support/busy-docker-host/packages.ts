/** A hundred packages, of which three are upgraded by themselves at twenty to seven, as dpkg and apt tell it; a look finds them half-way. */
import type { MaterialName } from "#discovery/facts/material.js"
import { type Moment, hex } from "./container.js"
import { clock } from "./day.js"

interface Upgrade {
  readonly name: string
  readonly from: string
  readonly to: string
  /** When its files are replaced, and when it is configured. */
  readonly unpacked: Moment
  readonly done: Moment
}

const upgrades: readonly Upgrade[] = [
  {
    name: "curl",
    from: "7.88.1-10+deb12u8",
    to: "7.88.1-10+deb12u9",
    unpacked: clock("06:39:30"),
    done: clock("06:39:50"),
  },
  {
    name: "libssl3",
    from: "3.0.15-1~deb12u1",
    to: "3.0.16-1~deb12u1",
    unpacked: clock("06:39:56"),
    done: clock("06:40:20"),
  },
  {
    name: "openssl",
    from: "3.0.15-1~deb12u1",
    to: "3.0.16-1~deb12u1",
    unpacked: clock("06:40:10"),
    done: clock("06:40:25"),
  },
]

/** apt learns of them when it fetches its lists. */
const known = clock("06:18")

const paragraph = (name: string, version: string, status = "installed") =>
  `Package: ${name}\nStatus: install ok ${status}\nPriority: optional\nArchitecture: amd64\nVersion: ${version}\nDescription: ${name}\n`

const others = Array.from({ length: 97 }, (_, i) =>
  paragraph(i === 0 ? "dpkg" : `lib${hex(`package ${i}`, 8)}`, `1.${i}`),
).join("\n")

export function packagesAt(at: Moment): Partial<Record<MaterialName, string>> {
  const changing = upgrades.map(({ name, from, to, unpacked, done }) =>
    paragraph(name, at < unpacked ? from : to, at >= unpacked && at < done ? "half-configured" : "installed"),
  )
  const pending = upgrades.filter(({ unpacked }) => at >= known && at < unpacked)
  const lines = pending.map(({ name, from, to }) => `${name}/stable-security ${to} amd64 [upgradable from: ${from}]`)
  return {
    "dpkg-status": `${others}\n${changing.join("\n")}`,
    updates: ["apt", ...lines].join("\n"),
    "reboot-required": "no",
  }
}
