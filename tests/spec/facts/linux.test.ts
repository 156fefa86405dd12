import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { coverage } from "#events/source.js"
import { serviceFacets } from "#events/facets/service.js"
import { targetFacets } from "#events/facets/target.js"
import { linuxMachine, linuxObservations } from "#discovery/facts/linux.js"
import type { Material, Materials } from "#discovery/facts/material.js"
import type { Observation } from "#discovery/observation.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import { absent, denied, machine, machineOf, names, recorded } from "./materials.js"

/** What a machine itself has to say: the others are how it is reached, and what others say of it. */
const others = new Set(["access", "engine", "labels", "tailnet", "hypervisor", "guest"])
const otherFields = new Set([
  "/identity/dockerEngineId",
  "/network/addresses",
  "/usage/cpuPercent",
  "/security/vulnerabilities",
])
const ownFacets = Object.entries(targetFacets).filter(([facet]) => !others.has(facet))
const ownNames = ownFacets.map(([facet]) => facet)

/** Every facet by its schema, the whole as JSON that can be stored, the coverage as an event would carry it. */
function check(materials: Materials) {
  const { observations, ...covered } = linuxObservations(materials, "this-machine")
  for (const { kind, facets } of observations) {
    const schemas: Readonly<Record<string, { parse(value: unknown): unknown }>> =
      kind === "target" ? targetFacets : serviceFacets
    for (const [facet, fields] of Object.entries(facets)) schemas[facet]?.parse(fields)
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(Object.keys(facets)))
  }
  coverage.parse({ rights: "root", ...covered })
  canonicalJson(observations)
  return { target: observations[0], services: observations.slice(1), ...covered }
}

/** Fields, or collections, that are neither there nor excused. */
function untold(target: Observation | undefined, notLooked: Readonly<Record<string, string>>): string[] {
  const paths: string[] = []
  for (const [facet, schema] of ownFacets) {
    if (target?.facets[facet] === undefined && notLooked[`/${facet}`] !== undefined) continue
    const fields = "shape" in schema ? Object.keys(schema.shape) : []
    paths.push(...fields.map((field) => `/${facet}/${field}`).filter((path) => !otherFields.has(path)))
    if (!("shape" in schema) && target?.facets[facet] === undefined) paths.push(`/${facet}`)
  }
  return paths.filter((path) => {
    const [, facet = "", field = ""] = path.split("/")
    return target?.facets[facet]?.[field] === undefined && notLooked[path] === undefined
  })
}

function facetNames(target: Observation | undefined): string[] {
  return Object.keys(target?.facets ?? {}).sort()
}

describe("a look at a Linux machine", () => {
  it("makes one target with every facet, and its services on it", () => {
    const { target, services, looked, complete } = check(recorded)
    expect(target).toMatchObject({ kind: "target", nativeKey: "this-machine" })
    expect(facetNames(target)).toEqual(ownNames.toSorted())
    expect(services.map(({ kind, on }) => [kind, on])).toEqual([
      ["service", "this-machine"],
      ["service", "this-machine"],
    ])
    expect(Object.keys(looked).sort()).toEqual([...ownNames, "service"].sort())
    expect(complete).toEqual({ target: true, service: false })
  })

  it("says of every field of a facet either what it is or why it was not looked at", () => {
    for (const materials of [recorded, machineOf(denied), machineOf(absent), ...oneDenied()]) {
      const { target, notLooked } = check(materials)
      expect(untold(target, notLooked)).toEqual([])
    }
  })

  it("loses only what it could not read", () => {
    const all = check(recorded)
    for (const materials of oneDenied()) {
      const { target } = check(materials)
      for (const facet of facetNames(target)) {
        expect(all.target?.facets[facet]).toMatchObject(target?.facets[facet] ?? {})
      }
    }
  })

  it("sees nothing where nothing may be read, and does not say that anything is gone", () => {
    const { target, looked, complete } = check(machineOf(denied))
    expect(target?.facets).toEqual({})
    expect(looked).toEqual({})
    expect(complete).toEqual({ target: true, service: false })
  })

  it("does not depend on the order in which the kernel lists things", () => {
    const shuffled = machine({
      ...reversed(["interfaces", "addresses", "addresses6", "statfs", "socket-owners"], 0),
      ...reversed(["routes", "tcp", "tcp6", "udp", "udp6"], 1),
      "dpkg-status": paragraphsReversed(),
    })
    expect(canonicalJson(linuxObservations(shuffled, "m"))).toBe(canonicalJson(linuxObservations(recorded, "m")))
  })

  it("is understood the same look after look, whatever has changed in between", () => {
    const said = fc.constantFrom<Material>(absent, denied, { text: "" }, { text: "x", partial: "a reason" })
    const changes = fc.array(fc.dictionary(fc.constantFrom(...names), said, { maxKeys: 3 }), { maxLength: 6 })
    fc.assert(
      fc.property(changes, (looks) => {
        const understand = linuxMachine("m")
        for (const change of looks) {
          const materials: Materials = { ...recorded, ...change }
          expect(understand(materials)).toEqual(linuxObservations(materials, "m"))
        }
      }),
      { numRuns: 30 },
    )
  })

  it("holds by its schemas whatever a machine says", () => {
    const noise = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: "grapheme", maxLength: 2_000 }),
    )
    const said = fc.oneof(
      noise.map((text): Material => ({ text })),
      fc.constant(absent),
      fc.constant(denied),
      fc.constant(undefined),
    )
    const machines = fc.record({
      said: fc.array(said, { minLength: names.length, maxLength: names.length }),
      where: fc.nat(),
      inserted: noise,
    })
    const law = fc.property(machines, ({ said: given, where, inserted }) => {
      const texts = names.map(
        (name, index) => [name, given[index] ?? damaged(recorded[name], where, inserted)] as const,
      )
      check(machine(Object.fromEntries(texts)))
    })
    expect(() => fc.assert(law, { numRuns: 300 })).not.toThrow()
  })
})

/** A real text with something put into the middle of it. */
function damaged(material: Material, where: number, inserted: string): Material {
  if (!("text" in material)) return material
  const at = where % (material.text.length + 1)
  return { ...material, text: material.text.slice(0, at) + inserted + material.text.slice(at) }
}

function* oneDenied(): Generator<Materials> {
  for (const name of Object.keys(recorded)) yield { ...recorded, [name]: denied }
}

function reversed(tables: readonly (keyof Materials)[], heading: number): Record<string, Material> {
  return Object.fromEntries(
    tables.map((name) => {
      const material = recorded[name]
      if (!("text" in material)) return [name, material]
      const lines = material.text.trimEnd().split("\n")
      const text = [...lines.slice(0, heading), ...lines.slice(heading).reverse()].join("\n")
      return [name, { ...material, text }]
    }),
  )
}

function paragraphsReversed(): string {
  const status = recorded["dpkg-status"]
  return "text" in status ? status.text.trimEnd().split("\n\n").reverse().join("\n\n") : ""
}
