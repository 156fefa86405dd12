/**
 * A program that writes as fast as it can until it is killed: `node write-load.js <engine> <place>`. It says what was acknowledged, a line each, as soon as it is:
 * `appended <stream> <expected revision> <count> <position>`, `sealed <size>`. It runs what was built. A place is a folder, and a cluster's address behind it.
 */
import { systemClock } from "#kernel/clock.js"
import { openEventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import { keyFolder } from "#ledger/proof/key.js"
import { Sealer } from "#ledger/proof/seal.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"

const engines = {
  SQLite: async () => openSqliteLedger(`${place}/ledger.db`),
  EventStoreDB: async () => openEventStoreLedger({ address, file: `${place}/copy.db` }),
}

const writers = 8
const appendsBetweenSeals = 40

const [engine, place, address] = process.argv.slice(2)
const ledger = await engines[engine]()
const sealer = new Sealer(ledger, keyFolder(`${place}/keys`), systemClock)
const say = (...words) => process.stdout.write(`${words.join(" ")}\n`)
say("ready")

let appends = 0
async function write(writer) {
  const stream = `target-${writer}`
  let expected = await ledger.revisionOf(stream)
  for (;;) {
    const count = 1 + ((expected + writer + 1) % 7)
    const events = Array.from({ length: count }, (_, index) => ({
      type: "TargetChanged",
      data: { facet: "os", patch: [{ op: "add", path: "/os/name", value: `${expected + 1 + index}` }] },
      metadata: { actor: "discovery" },
      observedAt: systemClock.now(),
    }))
    const { revision, position } = await ledger.append(stream, expected, events, `write ${expected}`)
    say("appended", stream, expected, count, position)
    expected = revision
    appends += 1
    if (appends % appendsBetweenSeals === 0) say("sealed", (await sealer.seal()).size)
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
