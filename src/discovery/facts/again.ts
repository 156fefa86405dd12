/** What is understood of a machine's materials is understood again only when one that it was read from says something else. */
import type { Material, MaterialName, Materials } from "./material.js"

export type Understand<T> = (materials: Materials) => T

/** `understand` as one that remembers its last answer, which nobody may change. It has to be pure, and to take the materials that it needs by their names. */
export function again<T>(understand: Understand<T>): Understand<T> {
  let before: { readonly from: ReadonlyMap<MaterialName, Material>; readonly answer: T } | undefined
  return (materials) => {
    if (before !== undefined && [...before.from].every(([name, material]) => isSame(material, materials[name])))
      return before.answer
    const from = new Map<MaterialName, Material>()
    const answer = understand(watched(materials, from))
    before = { from, answer }
    return answer
  }
}

function watched(materials: Materials, taken: Map<MaterialName, Material>): Materials {
  return new Proxy(materials, {
    get: (_, name: MaterialName) => {
      taken.set(name, materials[name])
      return materials[name]
    },
  })
}

function isSame(one: Material, other: Material): boolean {
  if (one === other) return true
  if ("text" in one) return "text" in other && one.text === other.text && one.partial === other.partial
  if ("denied" in one) return "denied" in other && one.denied === other.denied
  return "absent" in other
}
