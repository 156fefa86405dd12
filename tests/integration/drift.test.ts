/** Baselines and drift through their operations: as of any point, with the event that it is by, and nothing written that was said already. */
import { tableOf } from "#cli/tables.js"
import { configured } from "#drift/configured.js"
import type { Fleet } from "#fleet.js"
import { origin } from "#kernel/point.js"
import { asker } from "#tests/support/asker.js"
import { open } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { addHost, addService, changeKernel } from "#tests/support/scripted-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it } from "vitest"

interface Row {
  readonly entity: { readonly name: string }
  readonly rule: string | null
  readonly field: string
  readonly verdict: string
  readonly expected: unknown
  readonly actual: unknown
  readonly since: { readonly position: number; readonly actor: string } | null
}
interface Answer extends Record<string, unknown> {
  readonly items: Row[]
  readonly next: string | null
}

const headOf = async (fleet: Fleet) => (await fleet.ledger.head()).position
const told = ({ items }: Answer) =>
  items.map(({ entity, rule, field, verdict }) => `${entity.name} ${rule ?? "-"} ${field} ${verdict}`)

describe("a pinned point", () => {
  it("is held against all fields that are named, or refused where they are more than are kept", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<Answer>(fleet)
    await addHost(fleet, "web-1")
    const field = (many: number) => Array.from({ length: many }, (_, n) => `packages.pkg:p${n}`).join(",")
    const message = '"field" names more than 100'
    await ask("pin", { name: "golden", field: field(100) })
    expect((await refusalOf(() => ask("pin", { name: "golden", field: field(101) }))).message).toBe(message)
    const expecting = { until: "+2h", field: field(101) }
    expect((await refusalOf(() => ask("expect add", expecting))).message).toBe(message)
    expect((await ask("baselines")).items[0]).toMatchObject({ fields: { length: 100 } })
  })

  it("is drifted from by what changes, appears and goes, each since its event", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<Answer>(fleet)
    const web = await addHost(fleet, "web-1")
    await ask("pin", { name: "golden", reason: "as it should be" })
    expect((await ask("drift")).items).toEqual([])
    const pinned = await headOf(fleet)
    await changeKernel(fleet, web, "6.1.0", "6.1.1")
    const changed = await headOf(fleet)
    await addService(fleet, web, "nginx")
    const drift = await ask("drift")
    expect(told(drift)).toEqual(["web-1 - /os/kernel drift", "nginx -  drift"])
    expect(drift.items[0]).toMatchObject({
      baseline: "golden",
      expected: "6.1.0",
      actual: "6.1.1",
      since: { position: changed, actor: "discovery", type: "TargetChanged" },
    })
    expect(drift["counts"]).toEqual({ drift: 2, unknown: 0 })
    // As of then there was none, and page by page it is the same.
    expect((await ask("drift", { at: `position:${pinned}` })).items).toEqual([])
    const first = await ask("drift", { limit: 1 })
    const second = await ask("drift", { limit: 1, cursor: first.next })
    expect([...first.items, ...second.items]).toEqual(drift.items)
    expect(second.next).toBeNull()
    expect(told(await ask("drift", { entity: "nginx" }))).toEqual(["nginx -  drift"])
    const table = tableOf("drift", drift)
    expect(table).toContain(`! web-1 (target)  golden  since`)
    expect(table).toContain("os.kernel  6.1.0 → 6.1.1")
    await ask("withdraw", { name: "golden" })
    expect((await ask("drift")).items).toEqual([])
    expect((await ask("drift", { at: `position:${changed}` })).items).toHaveLength(1)
    await changeKernel(fleet, web, "6.1.1", "6.1.0")
  })

  it("covers only what it is asked to", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<Answer>(fleet)
    const [one, other] = [await addHost(fleet, "web-1"), await addHost(fleet, "db-1")]
    await ask("pin", { name: "kernels", q: "name:web-*", field: "os.kernel", severity: "critical" })
    await ask("pin", { name: "packages", field: "packages" })
    await changeKernel(fleet, one, "6.1.0", "6.1.1")
    await changeKernel(fleet, other, "6.1.0", "6.1.1")
    expect(told(await ask("drift"))).toEqual(["web-1 - /os/kernel drift"])
    expect(told(await ask("drift", { severity: "warning" }))).toEqual([])
    const list = await ask("baselines")
    expect(list.items).toMatchObject([
      { name: "kernels", of: "point", where: "name:web-*", fields: ["/os/kernel"], severity: "critical" },
      { name: "packages", of: "point", actor: "user:ada" },
    ])
    expect(tableOf("baselines", list)).toMatch(/kernels .*name:web-\*/)
    const refusal = await refusalOf(() => ask("drift", { baseline: "kernel" }))
    expect(refusal.message).toBe('there is no baseline "kernel"; did you mean "kernels"?')
  })

  it("is pinned once, however often that is said", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<Answer>(fleet)
    await addHost(fleet, "web-1")
    await ask("snapshot create", { name: "good" })
    expect(await ask("pin", { name: "golden", at: "snapshot:good" })).toMatchObject({ changed: true })
    const head = await headOf(fleet)
    expect(await ask("pin", { name: "golden", at: "snapshot:good" })).toMatchObject({ changed: false })
    expect(await headOf(fleet)).toBe(head)
    expect((await ask("baselines")).items).toMatchObject([{ snapshot: "good" }])
    expect((await fleet.rebuild(() => {}, new AbortController().signal)).equal).toBe(true)
  })
})

const rule = (name: string, expected: string, more: object = {}) => ({
  name,
  kind: "target",
  expect: expected,
  severity: "warning",
  ...more,
})

describe("rules", () => {
  it("are adopted from YAML, tried before, and shown as they are in force", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<Answer>(fleet)
    await addHost(fleet, "web-1", { "pkg:telnetd": { version: "1" } })
    const rules = JSON.stringify([
      rule("no-telnet", '!("pkg:telnetd" in packages)', { text: "Nobody needs it" }),
      rule("firewall", "security.firewall != null"),
    ])
    const tried = await ask("rules check", { rules })
    expect(tried).toMatchObject({
      rules: [
        { rule: "no-telnet", drift: 1, unknown: 0 },
        { rule: "firewall", drift: 0, unknown: 1 },
      ],
    })
    expect(tableOf("rules check", tried)).toContain("nothing was adopted")
    expect((await ask("baselines")).items).toEqual([])
    expect(await ask("rules adopt", { name: "usual", rules })).toMatchObject({ rules: 2, changed: true })
    expect(await ask("rules adopt", { name: "usual", rules })).toMatchObject({ changed: false })
    const drift = await ask("drift", { unknown: true })
    expect(told(drift)).toEqual(["web-1 firewall /security unknown", "web-1 no-telnet /packages/pkg:telnetd drift"])
    expect(drift.items[1]).toMatchObject({ actual: { version: "1" }, since: { position: 1, type: "TargetDiscovered" } })
    expect(told(await ask("drift"))).toHaveLength(1)
    expect(tableOf("drift", await ask("drift"))).toContain("1 cannot be said (--unknown)")
    const shown = await ask("rules", { name: "usual" })
    expect(shown.items).toHaveLength(2)
    expect(await ask("rules adopt", { name: "again", rules: shown["yaml"] as string })).toMatchObject({ rules: 2 })
    expect(tableOf("rules", await ask("rules", { starter: true }))).toContain("- name: firewall")
  })

  it("that take long are given up for all there is, and nobody waits", async () => {
    const fleet = await open(await tempFolder())
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, no) => [`pkg:${no}`, { version: "1" }]))
    for (let no = 0; no < 60; no++) await addHost(fleet, `web-${no}`, many)
    const dear = "packages.all(a, packages.all(b, packages.all(c, packages[c].version == '1'))) || false"
    const began = performance.now()
    const tried = await asker<Answer>(fleet)("rules check", { rules: JSON.stringify([rule("dear", dear)]) })
    expect(performance.now() - began).toBeLessThan(9_000)
    expect(tried["rules"]).toEqual([{ rule: "dear", drift: 0, unknown: 60 }])
  })

  it("that are not understood change nothing, and the former ones stay in force", async () => {
    const fleet = await open(await tempFolder())
    const ask = asker<Answer>(fleet)
    await ask("rules adopt", { name: "usual", starter: true })
    const head = await headOf(fleet)
    const wrong = "- name: a\n  kind: target\n  severity: warning\n  expect: os.kernl == '6'\n"
    const refusal = await refusalOf(() => ask("rules adopt", { name: "usual", rules: wrong }))
    expect(refusal.message).toMatch(/^line 4, column 14: .*did you mean "kernel"/)
    expect(await headOf(fleet)).toBe(head)
    expect((await ask("rules", { name: "usual" })).items.length).toBeGreaterThan(5)
  })

  it("of the configuration are in force as long as they stand there, and are declared once", async () => {
    const folder = await tempFolder()
    const drift = { rules: [rule("kernel", 'os.kernel == "6.1.1"')] }
    const first = await open(folder, JSON.stringify({ drift }))
    await addHost(first, "web-1")
    expect(told(await asker<Answer>(first)("drift"))).toEqual(["web-1 kernel /os/kernel drift"])
    const refusal = await refusalOf(() => asker(first)("withdraw", { name: configured }))
    expect(refusal.message).toContain("drift.rules")
    const head = await headOf(first)
    await first.close()
    const second = await open(folder, JSON.stringify({ drift }))
    expect(await headOf(second)).toBeLessThanOrEqual(head + 2) // What closing sealed, and the alert of what drifts.
    const types = (await second.ledger.readAll({ after: origin, types: ["BaselineDeclared"], limit: 10 })).length
    expect(types).toBe(1)
    await second.close()
    const third = await open(folder)
    await third.reached(await headOf(third))
    expect((await asker<Answer>(third)("baselines")).items).toEqual([])
    await third.close()
    const wrong = open(folder, JSON.stringify({ drift: { rules: [rule("kernel", "os.kernl != null")] } }))
    expect((await refusalOf(() => wrong)).message).toMatch(
      /fleet-ledger\.yaml:1:\d+: in "drift.rules", "expect" of the rule "kernel", character 4 of "os.kernl != null": .*"kernel"/,
    )
  })
})
