/** The worked examples of CONTRIBUTING.md: they are what stands there, and they work. */
import * as fs from "node:fs/promises"
import { type EventDefinition } from "#events/define.js"
import { checkCatalog } from "#events/catalog.js"
import { invoke } from "#operations/invoke.js"
import { askName } from "#tests/examples/check.js"
import { leaseSource } from "#tests/examples/source.js"
import { movedEvent } from "#tests/examples/event.js"
import { namesakes } from "#tests/examples/operation.js"
import { discoveryBench } from "#tests/support/discovery-bench.js"
import { open } from "#tests/support/folder-fleet.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { noStream } from "#ledger/port.js"
import { recordId } from "#kernel/ids.js"
import { describe, expect, it } from "vitest"

describe("the examples of CONTRIBUTING.md", () => {
  it.each(["source", "event", "operation", "check"])(
    "%s: the text there is the file that is compiled",
    async (name) => {
      const [text, guide] = await Promise.all([
        fs.readFile(`tests/examples/${name}.ts`, "utf8"),
        fs.readFile("CONTRIBUTING.md", "utf8"),
      ])
      expect(guide).toContain(`\`\`\`ts\n${text}\`\`\`\n`)
    },
  )

  it("source: a look records what changed, and the same again nothing", async () => {
    const { lookAt, news, document } = await discoveryBench()
    let leases = "1 52:54:00:00:00:01 10.0.0.5 printer *\n1 52:54:00:00:00:02 10.0.0.6 * *\n"
    const source = leaseSource("dhcp", async () => leases)
    const types = async () => (await news()).map(({ type }) => type)
    await lookAt(source)
    expect(await types()).toEqual(["TargetDiscovered", "TargetDiscovered", "DiscoveryCompleted"])
    await lookAt(source)
    expect(await types()).toEqual([])
    leases = leases.replace("10.0.0.5", "10.0.0.7")
    await lookAt(source)
    expect(await types()).toContain("TargetChanged")
    const printer = recordId("dhcp", "target", "52:54:00:00:00:01")
    expect(await document(printer)).toMatchObject({ identity: { name: "printer" } })
  })

  it("event: the first version is read as the second", () => {
    expect(() => checkCatalog({ TargetMoved: movedEvent as unknown as EventDefinition })).not.toThrow()
    const read = movedEvent.data.parse(movedEvent.upcasters[1]?.({ place: "ams/r3" }))
    expect(read).toEqual({ site: "ams", rack: "r3" })
  })

  it("operation: it is asked of any point", async () => {
    const fleet = await open(await tempFolder())
    const machine = async (nativeKey: string, name: string) => {
      const document = { lifecycle: "observed", identity: { name } } as const
      const data = { source: "here", nativeKey, generation: 0, document }
      const events = [{ type: "TargetDiscovered", data, metadata, observedAt } as const]
      const id = recordId("here", "target", nativeKey)
      return fleet.ledger.append(stream(`target-${id}`), noStream, events, nativeKey)
    }
    await machine("1", "web")
    const { position: before } = await fleet.ledger.head()
    await machine("2", "web")
    const principal = { name: "user:ada", scope: "read" } as const
    const call = { fleet, principal, signal: new AbortController().signal, progress: () => undefined }
    expect(await invoke(namesakes, call, {})).toMatchObject({ items: [{ name: "web", machines: 2 }] })
    expect(await invoke(namesakes, call, { at: `position:${before}` })).toMatchObject({ items: [] })
  })

  it("check: it passes, or fails with what is there instead", async () => {
    const check = { kind: "name", name: "127.0.0.1", addresses: ["127.0.0.1"] } as const
    expect(await askName(check)).toMatchObject({ status: "passing" })
    expect(await askName({ ...check, addresses: [] })).toMatchObject({
      status: "failing",
      detail: "it stands for 127.0.0.1",
    })
  })
})
