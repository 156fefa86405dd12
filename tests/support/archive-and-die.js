/**
 * A program that archives what a note vouches for, and kills itself as it takes the step that it is told: `node archive-and-die.js <ledger file> <key> <note> <step>`.
 * It runs what was built.
 */
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { parseVerifierKey } from "#ledger/proof/note.js"

const [file, key, note, step] = process.argv.slice(2)
const upTo = Number(note.split("\n")[1]) - 1
const request = { upTo, note, key: parseVerifierKey(key), metadata: { actor: "system" } }
const progress = (_done, _total, what) => {
  if (what === step) process.kill(process.pid, "SIGKILL")
}
await openSqliteLedger(file).archives.create(request, { progress, signal: new AbortController().signal })
