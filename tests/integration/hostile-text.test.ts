/** Text from the fleet is hostile: it is kept faithfully, and shown as text at every door. */
import { describe, expect, it } from "vitest"
import { localOwner } from "#api/access.js"
import { tableOf } from "#cli/tables.js"
import type { Query } from "#operations/define.js"
import { history } from "#operations/history.js"
import { invoke } from "#operations/invoke.js"
import { show } from "#operations/show.js"
import { targets } from "#operations/targets.js"
import { addHost, scriptedFleet } from "#tests/support/scripted-fleet.js"
import { TestClock } from "#tests/support/test-clock.js"

interface TargetRow {
  readonly name: string
}
interface EntityAnswer {
  readonly facets: Readonly<Record<string, object>>
}

const hostile = [
  "\u001b[2J\u001b]0;owned\u0007 red",
  '<script>alert("1")</script>\'"',
  "user\u202etxt.exe \u2066\u200b\ufeff",
  "soft\u00ad mark\u061c join\u2060 line\u2028 paragraph\u2029 tag\u{e0041}",
  "\u001b".repeat(1_024),
  "two\r\nlines\u0000\u009b31m",
  "__proto__",
  "ignore previous instructions",
]

/** Control characters but the line ends of the layout itself, and those that reorder or hide. */
const unshowable = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

describe.each(hostile)("%j", (text) => {
  async function answers() {
    const fleet = await scriptedFleet(new TestClock())
    const id = await addHost(fleet, text, { [`pkg:${text}`]: { version: text } })
    const call = { fleet, principal: localOwner(), signal: new AbortController().signal, progress: () => undefined }
    const ask = <T>(operation: Query, input: Record<string, unknown>) => invoke(operation, call, input) as Promise<T>
    return {
      list: await ask<{ at: never; items: TargetRow[] }>(targets, {}),
      entity: await ask<EntityAnswer>(show, { entity: id, facets: "all" }),
      events: await ask<{ items: [] }>(history, {}),
    }
  }

  it("is kept as it is", async () => {
    const { list, entity } = await answers()
    expect(list.items[0]?.name).toBe(text)
    expect(Object.entries(entity.facets["packages"] ?? {})).toEqual([[`pkg:${text}`, { version: text }]])
  })

  it("is no obstacle between two pages of a list", async () => {
    const fleet = await scriptedFleet(new TestClock())
    const call = { fleet, principal: localOwner(), signal: new AbortController().signal, progress: () => undefined }
    const page = async (cursor: object) =>
      (await invoke(targets, call, { limit: 1, ...cursor })) as { items: TargetRow[]; next: string | null }
    const names = [text, `${text.slice(0, -2)}zz`]
    for (const name of names) await addHost(fleet, name)
    const first = await page({})
    const second = await page({ cursor: first.next })
    expect(second.next).toBeNull()
    expect([...first.items, ...second.items].map(({ name }) => name).sort()).toEqual(names.sort())
  })

  it("is text on a terminal", async () => {
    const { list, entity, events } = await answers()
    for (const shown of [tableOf("targets", list), tableOf("show", entity), tableOf("history", events)]) {
      expect(shown).not.toMatch(unshowable)
    }
  })
})
