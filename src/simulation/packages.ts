/** What is installed on a machine: as much as on a real one, each package with upgrades of its own. Machines that are as far hold it together. */
import type { JsonObject } from "#kernel/json.js"
import { type Chance, pick } from "./chance.js"
import { kernelOf } from "./upgrades.js"

const words =
  "adduser apt avahi bash bind9 bzip2 ca-certificates coreutils cron curl dbus dpkg e2fsprogs fdisk fontconfig gawk git glib gnupg grep grub gzip ifupdown init iproute2 kmod krb5 ldap less libc6 locales login lvm2 mount nano ncurses netbase openssh openssl pam passwd perl procps python3 readline rsync sed sqlite3 sudo systemd tar tzdata udev util-linux vim wget xz zlib".split(
    " ",
  )
const suffixes = ["", "-common", "-data", "-bin", "-utils", "-dev", "-doc", "-locales", "-tools", "-extra"]

/** Sets that are kept: a fleet is at a few rounds of upgrades at a time. */
const kept = 8

export class Packages {
  readonly #chance: Chance
  readonly #count: number
  readonly #sets = new Map<number, JsonObject>()

  constructor(chance: Chance, count: number) {
    this.#chance = chance
    this.#count = count
  }

  /** After so many rounds of upgrades. */
  after(upgrades: number): JsonObject {
    const known = this.#sets.get(upgrades)
    if (known !== undefined) return known
    const set = Object.fromEntries([
      ["pkg:linux-image-amd64", { version: `6.1.${90 + kernelOf(upgrades)}-1`, architecture: "amd64" }],
      ...Array.from({ length: this.#count - 1 }, (_, number) => this.#package(number, upgrades)),
    ])
    this.#sets.set(upgrades, set)
    for (const old of [...this.#sets.keys()].slice(0, -kept)) this.#sets.delete(old)
    return set
  }

  /** Upgraded every twenty to eighty rounds. */
  #package(number: number, upgrades: number): [string, JsonObject] {
    const chance = this.#chance("package", number)
    const interval = 20 + pick(60, chance)
    const level = Math.floor((upgrades + pick(interval, this.#chance("phase", number))) / interval)
    const word = words[number % words.length] as string
    const name = `${word}${suffixes[Math.floor(number / words.length)] ?? `-${number}`}`
    const version = `${1 + pick(9, chance)}.${number % 23}.${level}-1+deb12u${1 + level}`
    return [`pkg:${name}`, { version, architecture: "amd64" }]
  }
}
