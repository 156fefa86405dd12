/**
 * @event-driven-io/emmett-sqlite at the same work: `node emmett.js <folder> <events.json>` prints events per second as JSON. Its processor does nothing with
 * what it is given, which flatters it.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { getSQLiteEventStore } from "@event-driven-io/emmett-sqlite"

const [folder, eventsFile] = process.argv.slice(2)
const events = JSON.parse(fs.readFileSync(eventsFile, "utf8")).map(({ type, data, metadata }) => ({
  type,
  data,
  metadata,
}))
const store = getSQLiteEventStore({ fileName: path.join(folder, "emmett.db") })
await store.schema.migrate()

async function perSecond(count, work) {
  const started = performance.now()
  await work()
  return (1_000 * count) / (performance.now() - started)
}

// Writers that ask at the same time are answered SQLITE_BUSY: they take turns.
const singles = 1_024
const single = await perSecond(singles, async () => {
  for (let i = 0; i < singles; i++) await store.appendToStream(`writer-${i % 64}`, [events[i % events.length]])
})

const batches = 60
const batched = await perSecond(batches * 100, async () => {
  for (let i = 0; i < batches; i++) {
    const from = (i * 100) % (events.length - 99)
    await store.appendToStream(`batch-${i}`, events.slice(from, from + 100))
  }
})

const total = singles + batches * 100
let seen = 0
const caughtUp = await perSecond(
  total,
  () =>
    new Promise((resolve, reject) => {
      const consumer = store.consumer({ pulling: { batchSize: 1_000 } })
      consumer.processor({
        processorId: "count",
        eachMessage: () => {
          seen += 1
          if (seen === total) consumer.stop().then(resolve, reject)
        },
      })
      consumer.start().catch(reject)
    }),
)

process.stdout.write(JSON.stringify({ single, batched, caughtUp }))
process.exit(0)
