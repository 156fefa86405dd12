/** The program as an agent starts it: tools over standard input and output, with a server on the folder and without one. */
import * as path from "node:path"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import { describe, expect, it } from "vitest"
import { tools } from "#mcp/tools.js"
import { agent } from "#tests/support/agent.js"
import { freePort } from "#tests/support/free-port.js"
import { answer, startServer } from "#tests/support/program.js"
import { tempFolder } from "#tests/support/temp-folder.js"

const main = path.resolve("dist/bin/main.js")

function started(data: string, args: readonly string[], mode: "legacy" | "auto" = "legacy") {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: data,
    FLEET_LEDGER_DATA: data,
    FLEET_LEDGER_KEYS: `${data}-keys`,
  }
  const command = { command: process.execPath, args: [main, "mcp", ...args], env, cwd: path.dirname(data) }
  return agent(new StdioClientTransport(command), mode)
}

describe("fleet-ledger mcp", () => {
  it("runs each tool on a folder that nobody serves", async () => {
    const data = `${await tempFolder()}/data`
    const { call, use } = await started(data, ["--write"], "auto")
    await use("run_fleet_discovery")
    await use("create_inventory_snapshot", { name: "first" })
    const { items } = await use<{ items: { entity: { id: string } }[] }>("search_fleet", { query: "source:here" })
    const entity = items[0]?.entity.id
    const inputs: Readonly<Record<string, object>> = {
      search_fleet: { query: "source:here" },
      show_entity: { entity },
      explain_change: { entity, at: "snapshot:first" },
      diff_inventory: { from: "snapshot:first" },
      compare_snapshots: { snapshot_a: "first" },
      create_inventory_snapshot: { name: "second" },
    }
    for (const { name } of tools) {
      const result = await call(name, { ...inputs[name] })
      expect([name, result.isError ?? false]).toEqual([name, false])
    }
    // Others work on the folder while it is there.
    const options = { data }
    expect(await answer<{ items: object[] }>(["snapshot", "list"], options)).toMatchObject({
      items: [{ name: "second" }, { name: "first" }],
    })
  })

  it("asks the server that has the folder, and offers nothing that writes unless it is told to", async () => {
    const data = `${await tempFolder()}/data`
    await startServer(await freePort(), { data })
    const { client, use } = await started(data, [])
    const listed = (await client.listTools()).tools.map(({ name }) => name)
    expect(listed).toEqual(tools.filter(({ writes }) => writes === undefined).map(({ name }) => name))
    expect(await use("verify_history")).toMatchObject({ ok: true })
  })
})
