/** The server that is asked, in a process of its own: a fleet in a folder, its API on a port, and a writer that records changes at a pace. Says how large it is, and what it has used. */
import { pino } from "pino"
import { onLoopback } from "#api/access.js"
import { buildApi } from "#api/app.js"
import { openFleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { StreamName } from "#kernel/ids.js"
import { keepHeapSmall } from "#kernel/small-heap.js"
import { simulationConfig } from "#simulation/simulate.js"

keepHeapSmall()
const [data = "", keys = "", portText = "", pace = "0"] = process.argv.slice(2)
const port = Number(portText)
const config = {
  ...simulationConfig(data, { FLEET_LEDGER_KEYS: keys }),
  access: { requestsPerSecond: 1_000_000 },
}
const fleet = await openFleet(config, systemClock, { sources: [] })
const app = await buildApi(fleet, onLoopback(port), pino({ level: "silent" }))
const constant = Buffer.from(JSON.stringify({ items: "x".repeat(25_000) }))
app.get("/constant", (_request, reply) => reply.type("application/json").send(constant))
await app.listen({ host: "127.0.0.1", port })
const { secret } = await fleet.ops.tokens.create(`bench-${process.pid}`, "read", 3_600_000)
const { position: at } = await fleet.ledger.head()
while (fleet.viewsState().position < at) await new Promise((resolve) => setTimeout(resolve, 100))
const machines = await fleet.views.entities.page({ kind: "target", at, limit: 1_000 })
const records = await Promise.all(machines.map(({ id }) => fleet.views.inventory.record(id)))
const since = Math.max(...records.map((record) => record?.discovered ?? 0))
process.send?.({ secret, since, head: at, names: machines.map(({ name }) => name) })

let turn = 0
const together = 64
const done = new AbortController()
process.on("message", (message) => {
  if (message === "size") process.send?.({ rss: process.memoryUsage().rss, written: turn, cpu: process.cpuUsage() })
  if (message === "stop") done.abort()
})

/** Small changes of one machine after the other. */
async function write(perSecond: number): Promise<void> {
  const started = performance.now()
  while (!done.signal.aborted) {
    const due = ((performance.now() - started) / 1_000) * perSecond
    // As a look appends: many at once, which share what a commit costs. What it is behind, the next rounds make up for.
    const now = Math.max(0, Math.min(together, Math.ceil(due - turn)))
    await Promise.all(Array.from({ length: now }, change))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function change(): Promise<void> {
  const machine = machines[turn % machines.length]
  turn += 1
  if (machine === undefined) return
  const stream = `target-${machine.id}` as StreamName
  const facet = "labels"
  const value = `${turn}`
  const patch = [{ op: "add" as const, path: "/labels", value: { description: value } }]
  const event = {
    type: "TargetChanged",
    data: { facet, patch },
    metadata: { actor: "bench" },
    observedAt: fleet.clock.now(),
  } as const
  try {
    await fleet.ledger.append(stream, await fleet.ledger.revisionOf(stream), [event], `bench-${turn}`)
  } catch (error) {
    if (!(error instanceof FleetError)) throw error
  }
}

if (Number(pace) > 0) void write(Number(pace))
process.once("disconnect", () => {
  done.abort()
  void app.close().then(() => fleet.close())
})
