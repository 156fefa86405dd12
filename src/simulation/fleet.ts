/**
 * Who there is: sites with places for machines, and who stands in each at a time. Everything is worked out from the seed when it is asked for, so a fleet of a
 * hundred thousand takes no more memory than the site that is looked at.
 */
import { type Chance, chanceFrom, pick } from "./chance.js"
import { Packages } from "./packages.js"
import { recurring } from "./recurring.js"
import { day, hour } from "./time.js"

export interface FleetSize {
  readonly targets: number
  /** On each target. */
  readonly services: number
  readonly seed: number
}

/** A place where machines stand, looked at as one source. */
export interface Site {
  readonly number: number
  readonly name: string
  /** The first of its places, and how many there are. */
  readonly first: number
  readonly places: number
}

export type Role = "pve" | "web" | "app" | "db" | "cache" | "ci"

export interface Host {
  /** Another one for each machine that there ever is. */
  readonly number: number
  readonly place: number
  readonly role: Role
  /** What the source calls it, for ever. */
  readonly nativeKey: string
  readonly site: string
}

/** Of a site: a look holds them in memory, several times over. */
const placesOfSite = 100
const cities = ["ams", "fra", "lon", "par", "mad", "mil", "vie", "zrh", "waw", "prg", "osl", "hel", "dub", "lis", "ath"]

/** What a machine is for, as often as it stands here. A place in twenty is a hypervisor's. */
const guests: readonly Role[] = ["web", "web", "web", "app", "app", "app", "db", "db", "cache", "ci"]
const hypervisorEvery = 20

/** Installed packages. In a large fleet a tenth of what a machine has: they alone would take tens of gigabytes. */
const packagesOfOne = 500
const packagesOfMany = 50
const large = 10_000

/** A machine stands in its place that long; the place is empty for a while until another takes it. */
const lifetime = 120 * day
const emptyFor = 18 * hour

export class SimulatedFleet {
  readonly chance: Chance
  readonly sites: readonly Site[]
  readonly services: number
  readonly packages: Packages
  readonly #targets: number

  constructor({ targets, services, seed }: FleetSize) {
    this.chance = chanceFrom(seed)
    this.services = services
    this.packages = new Packages(this.chance, targets > large ? packagesOfMany : packagesOfOne)
    this.#targets = targets
    this.sites = Array.from({ length: Math.ceil(targets / placesOfSite) }, (_, number) => ({
      number,
      name: `${cities[number % cities.length]}${1 + Math.floor(number / cities.length)}`,
      first: number * placesOfSite,
      places: Math.min(placesOfSite, targets - number * placesOfSite),
    }))
  }

  /** Those that stand at a site, whether or not they answer. */
  hostsAt({ first, places, name }: Site, time: number): Host[] {
    return Array.from({ length: places }, (_, i) => this.#hostIn(first + i, name, time)).filter(
      (host) => host !== undefined,
    )
  }

  #hostIn(place: number, site: string, time: number): Host | undefined {
    const { times, last } = recurring(this.chance, ["replaced", place], lifetime, time)
    if (last > 0 && time - last < emptyFor * (0.5 + this.chance("empty", place, times))) return undefined
    const number = place + times * this.#targets
    const guest = guests[pick(guests.length, this.chance("role", place))] as Role
    const role = place % hypervisorEvery === 0 ? "pve" : guest
    return { number, place, role, nativeKey: `${role}-${number}`, site }
  }
}
