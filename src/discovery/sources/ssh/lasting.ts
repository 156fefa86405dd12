/**
 * What stays as it is while the files that it rests on do is not asked for again: the collector says under which **terms** it answered, which are the stamps of those
 * files and what else it depends on, and is told them the next time. Nothing holds for longer than some hours, whatever the terms say, so that a dependency that
 * nobody thought of heals; and what could not be seen, or not all of it, never holds.
 */
import type { Material, MaterialName } from "../../facts/material.js"
import { largestTerms } from "./limits.js"

const hour = 3_600_000

/** How long what rests on files holds, in ms. */
const lifetimes: Partial<Record<MaterialName, number>> = {
  architecture: 6 * hour,
  hosts: 6 * hour,
  cpuinfo: 6 * hour,
  container: 6 * hour,
  passwd: 6 * hour,
  "dpkg-status": 6 * hour,
  "rpm-packages": 6 * hour,
  "apk-installed": 6 * hour,
  "pacman-local": 6 * hour,
  "host-keys": 6 * hour,
  sshd: 6 * hour,
  updates: 24 * hour,
  certificates: hour,
  "readable-keys": hour,
}

/** What a host's answers hold under: nothing where the terms are empty. */
export interface Lasting {
  readonly terms: string
  readonly materials: ReadonlyMap<MaterialName, Held>
}

interface Held {
  readonly material: Material
  /** Milliseconds since 1970. */
  readonly until: number
}

export const nothingLasts: Lasting = { terms: "", materials: new Map() }

/** What still holds at `now`, in the words that the collector is told it by: a name, with the first line of the text where that are terms of its own. */
export function heldWords({ materials }: Lasting, now: number): string[] {
  return [...materials].flatMap(([name, { material, until }]) => {
    if (until <= now) return []
    const [own = ""] = "text" in material ? material.text.split("\n", 1) : []
    return name === "certificates" ? [`${name}=${/^[\d+]*$/.test(own) ? own : "?"}`] : [name]
  })
}

/**
 * What lasts after an answer.
 * @param terms under which it was given; those before where they are the same, none where it said none
 * @param carried of what was held before, what the answer did not say anew
 * @param share of its lifetime that a material is given, so that not all hosts are asked at the same time
 */
export function lastingAfter(
  terms: string,
  answered: ReadonlyMap<MaterialName, Material>,
  carried: Lasting["materials"],
  now: number,
  share: number,
): Lasting {
  if (!canBeTold(terms)) return nothingLasts
  const materials = new Map<MaterialName, Held>(carried)
  for (const [name, material] of answered) {
    const lifetime = lifetimes[name]
    if (lifetime === undefined || "denied" in material || "partial" in material) continue
    materials.set(name, { material, until: now + lifetime * share })
  }
  return { terms, materials }
}

/** Terms go back to the host between the quotes of a shell: whatever could end those is not told. */
export function canBeTold(terms: string): boolean {
  return terms !== "" && terms.length <= largestTerms && /^[\t\n\u0020-\u0026\u0028-\u007e]*$/.test(terms)
}

/**
 * `fresh NAME...`: whether any of them is to be answered. The terms are who asks, the boot, the processors, when the first process began, and the stamps of files,
 * taken before anything else is read. A stamp has the time of the last change of the file or its inode, which nobody can set. Two changes within one tick of the
 * kernel's clock, with the same length, look like one.
 *
 * @param files words of a shell
 */
export const terms = (files: readonly string[]): string => `
fresh() {
  for name; do case $held in *" $name "*) ;; *) return 0 ;; esac; done
  return 1
}
held=' ' terms=
stamps=$(stat -L -c '%n %d:%i %s %z' / ${files.join(" ")})
if [ -n "$stamps" ]; then
  read -r boot </proc/sys/kernel/random/boot_id
  read -r processors </sys/devices/system/cpu/online
  read -r first </proc/1/stat
  set -- \${first##*) }
  terms="$uid $boot $processors \${20}$nl$stamps"
  if [ "$terms" = "$told" ]; then held=$lasting; fi
fi
`

/** Said last, as a section may find that its answer does not rest on these files alone and clears them. */
export const termsSaid = `
if [ -n "$terms" ]; then if [ "$terms" = "$told" ]; then say terms same; else text terms "$terms"; fi; fi
`
