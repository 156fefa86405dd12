/**
 * Whether two records are accounts of one machine. Evidence is weighed in bits: how many times likelier it is of one machine than of two, as a
 * power of two. A wrong merge costs more than a missed one, so "same" takes something that identifies and something else that agrees with it;
 * only the UUID of a board is enough by itself.
 *
 * Evidence that is copied together counts once. What lies on a disk goes with the disk, and a copy of a virtual machine has the UUID too; only
 * network cards are new. So the two count as two only where no copy is possible.
 *
 * Laws (tests/property/identity.test.ts): symmetric; what agrees never lowers the score, what contradicts never raises it; what is weak is never enough.
 */
import type { Evidence, Trait } from "./evidence.js"

export type Verdict = "same" | "different" | "doubtful"

export interface Reason {
  readonly side: "for" | "against"
  readonly what: Trait | "told apart"
  /** Bits. Of one layer only the heaviest reason on each side counts. */
  readonly weight: number
}

export interface Judgement {
  readonly verdict: Verdict
  /** How likely they are one machine, where nothing known is 0.5; "same" from 0.985, "different" up to 0.059. */
  readonly score: number
  /** The heaviest first. */
  readonly reasons: readonly Reason[]
}

export interface Context {
  /**
   * One look of one source saw both, and that source lists things rather than going to addresses that somebody wrote down: a hypervisor, an engine.
   * Hosts that were written down may be the same one twice.
   */
  readonly toldApart: boolean
}

/** For a person: `the same machine-id (5)`. */
export function reasonText({ side, what, weight }: Reason): string {
  if (what === "told apart") return `told apart (${weight})`
  return `${side === "for" ? "the same" : "another"} ${what} (${weight})`
}

interface Weight {
  readonly layer: "hardware" | "cards" | "disk" | "name" | "address" | "system"
  /** One value in common. */
  readonly agree: number
  /** Values on both sides, and none in common. */
  readonly differ: number
}

/** Bits, out of what happens to machines; tests/spec/identity/corpus.ts is where they are tried. */
const weights: Readonly<Record<Exclude<Trait, "hardware">, Weight>> = {
  // Soldered on or kept by the hypervisor: outlives disks and systems. Differs after a board was replaced, which is rarer than a copy.
  smbios: { layer: "hardware", agree: 6, differ: 9 },
  // Sources differ over whose serial it is: the system's, the board's, the chassis'.
  serial: { layer: "hardware", agree: 4, differ: 3 },
  // Ids are used again, and clusters share a name; at one time a guest has one id.
  guest: { layer: "hardware", agree: 4, differ: 9 },
  // Cards move, and are what a copy of a machine does not share.
  mac: { layer: "cards", agree: 5, differ: 8 },
  // Another system was installed, or keys were made anew: still that machine.
  "machine-id": { layer: "disk", agree: 5, differ: 4 },
  hostkey: { layer: "disk", agree: 5, differ: 3 },
  docker: { layer: "disk", agree: 5, differ: 2 },
  tailnet: { layer: "disk", agree: 5, differ: 2 },
  // Names and addresses are given anew: weak, and together not enough.
  fqdn: { layer: "name", agree: 2, differ: 0 },
  name: { layer: "name", agree: 1, differ: 1 },
  address: { layer: "address", agree: 1, differ: 0 },
  // A container that shares its host's network, name and files is still not its host.
  system: { layer: "system", agree: 0, differ: 12 },
}

/** Other network cards in a machine whose board is known to be the same and cannot be a copy. */
const otherCards = 2
/** More than all that can speak for one machine. */
const toldApartWeight = 40

const sameFrom = 6
const differentUpTo = -4

export function judge(a: Evidence, b: Evidence, context: Context): Judgement {
  const reasons: (Reason & { readonly layer: string })[] = []
  const original = isOriginal(a, b)
  for (const [what, { layer, agree, differ }] of Object.entries(weights) as [keyof typeof weights, Weight][]) {
    if (agrees(a[what], b[what])) {
      const copied = layer === "hardware" || layer === "disk"
      reasons.push({ side: "for", what, weight: agree, layer: copied && !original ? "copied" : layer })
    } else if (contradicts(a[what], b[what])) {
      reasons.push({ side: "against", what, weight: what === "mac" && original ? otherCards : differ, layer })
    }
  }
  if (context.toldApart) {
    reasons.push({ side: "against", what: "told apart", weight: toldApartWeight, layer: "look" })
  }
  const bits = weigh(reasons)
  return {
    verdict: bits >= sameFrom ? "same" : bits <= differentUpTo ? "different" : "doubtful",
    score: 1 / (1 + 2 ** -bits),
    reasons: reasons
      .filter(({ weight }) => weight > 0)
      .toSorted((one, other) => other.weight - one.weight)
      .map(({ side, what, weight }) => ({ side, what, weight })),
  }
}

/** The board is the same, and it is one of metal, or one that its hypervisor itself calls the same guest. */
function isOriginal(a: Evidence, b: Evidence): boolean {
  const hardware = new Set([...a.hardware, ...b.hardware])
  const isMetal = hardware.has("metal") && !hardware.has("virtual")
  const isBoard = agrees(a.smbios, b.smbios) || agrees(a.serial, b.serial)
  return isBoard && (isMetal || agrees(a.guest, b.guest))
}

function weigh(reasons: readonly (Reason & { readonly layer: string })[]): number {
  const heaviest = new Map<string, number>()
  for (const { side, layer, weight } of reasons) {
    const key = `${side} ${layer}`
    heaviest.set(key, Math.max(heaviest.get(key) ?? 0, weight))
  }
  let bits = 0
  for (const [key, weight] of heaviest) bits += key.startsWith("for ") ? weight : -weight
  return bits
}

function agrees(a: readonly string[], b: readonly string[]): boolean {
  return a.some((value) => b.includes(value))
}

/** Of host keys, those of one type. */
function contradicts(a: readonly string[], b: readonly string[]): boolean {
  return a.some((value) => b.some((other) => typeOf(value) === typeOf(other)))
}

const typeOf = (value: string) => /^(\S+) (?:SHA256|MD5):/.exec(value)?.[1]
