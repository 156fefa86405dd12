/** Asking in the query language: the same for lists, searches and counts, now and at any point. */
import { tableOf } from "#cli/tables.js"
import { FleetError } from "#kernel/errors.js"
import { asker } from "#tests/support/asker.js"
import { addHost, addService, changeKernel, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"
import { describe, expect, it } from "vitest"

type Answer = Record<string, unknown> & {
  readonly items: readonly Record<string, unknown>[]
  readonly next: string | null
}

/** Three machines, of which the second changes a day after the others were found, with services. */
async function threeHosts() {
  const clock = new TestClock()
  const fleet = await scriptedFleet(clock)
  const web = await addHost(fleet, "web-1", { "pkg:nginx": { version: "1.24" } })
  const db = await addHost(fleet, "db-1", { "pkg:postgresql": { version: "16" } })
  await addHost(fleet, "db-2", { "pkg:postgresql": { version: "15" } })
  await addService(fleet, web, "nginx")
  await addService(fleet, db, "postgres")
  const found = await fleet.ledger.head()
  clock.advance(86_400_000)
  await changeKernel(fleet, db, "6.1.0", "6.12.0")
  const ask = asker<Answer>(fleet)
  await ask("role set", { target: "db-1", role: "production" })
  await ask("tag add", { target: "db-2", tag: "spare" })
  return { fleet, ask, found: `position:${found.position}` }
}

const names = ({ items }: Answer) => items.map(({ name, entity }) => name ?? (entity as { name: string }).name)

describe("a list", () => {
  it("has the machines that are asked for", async () => {
    const { ask } = await threeHosts()
    const asked = [
      ["role:production", ["db-1"]],
      ["-role:*", ["db-2", "web-1"]],
      ["tag:spare OR package:nginx", ["db-2", "web-1"]],
      ["kernel:6.12*", ["db-1"]],
      ["packages.version:16", ["db-1"]],
      ["service.name:nginx", ["web-1"]],
      ["changed:>-1h", ["db-1", "db-2"]],
      ["discovered:>-1h", []],
      ["name:db-*", ["db-1", "db-2"]],
      ["DB", ["db-1", "db-2"]],
    ] as const
    for (const [q, expected] of asked) expect([q, names(await ask("targets", { q }))]).toStrictEqual([q, expected])
  })

  it("is what it was at any point", async () => {
    const { ask, found } = await threeHosts()
    expect(names(await ask("targets", { q: "role:production", at: found }))).toStrictEqual([])
    expect(names(await ask("targets", { q: "kernel:6.1.0", at: found }))).toStrictEqual(["db-1", "db-2", "web-1"])
    expect(await ask("count", { by: "role", at: found })).toMatchObject({
      total: 3,
      counts: { role: [{ value: null, count: 3 }] },
    })
  })

  it("is sorted, and paged in that order", async () => {
    const { ask } = await threeHosts()
    for (const [sort, expected] of [
      ["-name", ["web-1", "db-2", "db-1"]],
      ["role", ["db-2", "web-1", "db-1"]],
      ["-role", ["db-1", "web-1", "db-2"]],
    ] as const) {
      const first = await ask("targets", { sort, limit: 2 })
      const second = await ask("targets", { sort, limit: 2, cursor: first.next })
      expect([...names(first), ...names(second)]).toStrictEqual(expected)
      expect(second.next).toBeNull()
    }
    const { next } = await ask("targets", { limit: 1 })
    await expect(ask("targets", { limit: 1, sort: "role", cursor: next })).rejects.toThrow("is not one that")
  })
})

describe("a search", () => {
  it("goes through machines, services and stacks, page by page", async () => {
    const { ask } = await threeHosts()
    const first = await ask("search", { q: "name:*", limit: 3 })
    const second = await ask("search", { q: "name:*", limit: 3, cursor: first.next })
    expect([...names(first), ...names(second)]).toStrictEqual(["db-1", "db-2", "web-1", "nginx", "postgres"])
    expect(names(await ask("search", { q: "target.role:production" }))).toStrictEqual(["db-1", "postgres"])
    expect(tableOf("search", second)).toContain("postgres")
  })

  it("says where the question is wrong", async () => {
    const { ask } = await threeHosts()
    const refused = await ask("search", { q: "nginx rol:lab" }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(FleetError)
    expect(refused).toMatchObject({ code: "InvalidQuery", details: { from: 6, to: 9 } })
  })
})

describe("counts", () => {
  it("are by whatever is asked for", async () => {
    const { ask } = await threeHosts()
    const answer = await ask("count", { kind: "service", by: "status,runtime" })
    expect(answer).toMatchObject({
      total: 2,
      counts: { status: [{ value: "running", count: 2 }], runtime: [{ value: "process", count: 2 }] },
    })
    expect(tableOf("count", answer)).toContain("running")
    await expect(ask("count", { by: "rol" })).rejects.toThrow('did you mean "role"?')
  })
})

describe("completion", () => {
  it("knows the values that the fleet has", async () => {
    const { ask } = await threeHosts()
    expect(await ask("complete", { q: "tag:s" })).toMatchObject({ from: 4, to: 5, items: ["spare"] })
    expect(await ask("complete", { q: "package:p" })).toMatchObject({ items: ["postgresql"] })
    expect((await ask("complete", { q: "service.name:n" })).items).toStrictEqual(["nginx"])
  })
})
