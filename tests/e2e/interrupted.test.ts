/** Looks that do not come to their end, at a Docker engine that takes the connection and says nothing. */
import * as fs from "node:fs"
import * as net from "node:net"
import { once } from "node:events"
import { answer, startProgram } from "#tests/support/program.js"
import { storedIn } from "#tests/support/stored-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it, onTestFinished } from "vitest"

interface Status {
  readonly sources: readonly {
    readonly run: { readonly outcome: string; readonly message?: string; readonly actor: string } | null
  }[]
}

async function stuckSource() {
  const folder = await tempFolder()
  const engine = net.createServer()
  onTestFinished(() => void engine.close())
  engine.listen(`${folder}/engine.sock`)
  const config = `${folder}/fleet-ledger.yaml`
  fs.writeFileSync(config, `sources: [{ name: stuck, kind: docker, host: "unix://${folder}/engine.sock" }]`)
  return { engine, options: { data: `${folder}/data`, env: { FLEET_LEDGER_CONFIG: config } } }
}

describe("a look that is cut off", () => {
  it.each(["SIGINT", "SIGKILL"] as const)("by %s is in the record afterwards, once", async (signal) => {
    const { engine, options } = await stuckSource()
    const child = startProgram(["discover"], options)
    await once(engine, "connection")
    child.kill(signal)
    await once(child, "close")
    const status = await answer<Status>(["status"], options)
    expect(status.sources).toMatchObject([
      { run: { outcome: "failed", message: "the look was cut off before its end" } },
    ])
    const { length } = storedIn(options)
    await answer<Status>(["status"], options)
    expect(storedIn(options)).toHaveLength(length)
  })
})
