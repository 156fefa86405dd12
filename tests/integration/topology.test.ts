/** What stands where, as of a point: sites, what machines are guests of, and what is on them. */
import { loadConfig } from "#config/load.js"
import { openFleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { asker } from "#tests/support/asker.js"
import { fillRacks } from "#tests/support/racks.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { whenFinished } from "#tests/support/when-finished.js"
import { expect, it } from "vitest"

interface Answer {
  readonly at: { readonly position: number }
  readonly next: string | null
  readonly items: readonly {
    readonly id: string
    readonly name: string
    readonly site: string
    readonly node: string | null
    readonly hypervisor: boolean
    readonly stacks: readonly { readonly name: string; readonly services: object }[]
    readonly services: object
  }[]
}

it("is told of all machines at once, page by page, and as it was", async () => {
  const folder = await tempFolder()
  const env = { XDG_CONFIG_HOME: folder, FLEET_LEDGER_KEYS: `${folder}/keys` }
  const { machines, moved } = await fillRacks(`${folder}/data`, env, 5)
  const fleet = await openFleet(loadConfig({ data: `${folder}/data` }, env), systemClock, {
    sources: [],
    alerts: false,
  })
  whenFinished(() => fleet.close())
  const ask = asker<Answer>(fleet)

  const { items, next } = await ask("topology", { limit: 1_000 })
  expect([items.length, next]).toEqual([machines, null])
  const of = (name: string, site = "lab") => items.find((item) => item.name === name && item.site === site)
  expect(of("pve-1")).toMatchObject({ hypervisor: true, node: null, stacks: [], services: {} })
  expect(of("edge-003", "edge")).toMatchObject({ hypervisor: false, node: null })
  // Services of a stack are counted there, and not again beside it; nor is anything of another machine's stack of that name.
  expect(of("lab-guest-3")).toMatchObject({
    node: "pve-1",
    stacks: [{ name: "shop", services: { running: 1, failed: 1 } }],
    services: { running: 1 },
  })
  expect(of(moved.name)?.node).toBe(moved.after)
  // Between the two looks.
  const then = await ask("topology", { limit: 1_000, at: "-150m" })
  expect(then.items.find(({ name }) => name === moved.name)?.node).toBe(moved.before)
  expect(then.items.length).toBe(machines)

  const first = await ask("topology", { limit: 20 })
  const second = await ask("topology", { limit: 1_000, cursor: first.next })
  expect([...first.items, ...second.items]).toEqual(items)
  expect((await ask("topology", { q: "name:lab-guest-3" })).items).toEqual([of("lab-guest-3")])
})
