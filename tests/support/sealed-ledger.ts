/**
 * A ledger with a key and several checkpoints, as a file that nobody has open: to be exported, or tampered with by somebody who can write to it. What the
 * signer said of it was kept elsewhere.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Json } from "#kernel/json.js"
import { noStream } from "#ledger/port.js"
import { exportLines } from "#ledger/proof/export.js"
import { keyFolder } from "#ledger/proof/key.js"
import { type VerifierKey, parseVerifierKey } from "#ledger/proof/note.js"
import { Sealer } from "#ledger/proof/seal.js"
import { type Verdict, type Vouched, verify } from "#ledger/proof/verify.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { changed, stream } from "./sample-events.js"
import { tempFolder } from "./temp-folder.js"
import { TestClock } from "./test-clock.js"

export interface SealedLedger {
  /** A copy of its own for whoever asks. */
  readonly file: string
  /** The one that signed. */
  readonly key: VerifierKey
  /** Every checkpoint, oldest first, as it was kept elsewhere. */
  readonly kept: readonly string[]
}

interface Made extends Omit<SealedLedger, "file"> {
  readonly bytes: Buffer
}

const forever = new AbortController().signal
const rounds = 4
const perRound = 150
const perAppend = 5
/** Positions of the events that tell of a checkpoint: each vouches for as many events. */
export const sealedAt = Array.from({ length: rounds }, (_, round) => (round + 1) * perRound + round)
export const eventCount = rounds * (perRound + 1)

/** Carried by the first events: what other programs read otherwise than it was written. */
const awkward = [
  "\u2028 and \u2029 end no line",
  { "10": 1, "9": { b: 2, a: 1 } },
  JSON.parse('{"__proto__":{"constructor":1}}') as Json,
  1e21,
]

async function make(): Promise<Made> {
  const folder = await tempFolder()
  const file = path.join(folder, "ledger.db")
  const clock = new TestClock()
  const ledger = openSqliteLedger(file, clock)
  const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), clock)
  const kept: string[] = []
  const written = { "target-a": noStream, "target-b": noStream }
  for (let round = 0; round < rounds; round++) {
    const appends = Array.from({ length: perRound / perAppend }, (_, turn) => {
      const name = turn % 2 === 0 ? "target-a" : "target-b"
      const events = Array.from({ length: perAppend }, (_event, index) =>
        changed(round + turn === 0 ? (awkward[index] ?? "plain") : `${round}/${turn}/${index}`),
      )
      const revision = written[name]
      written[name] += perAppend
      return ledger.append(stream(name), revision, events, `${round}/${turn}`)
    })
    await Promise.all(appends)
    clock.advance(60_000)
    kept.push((await sealer.seal()).note)
  }
  const key = parseVerifierKey((await sealer.signer()).text)
  await ledger.close()
  return { bytes: fs.readFileSync(file), key, kept }
}

const made = new Map<string, Promise<Made>>()

/**
 * Two streams, of which each writes five events in turn, sealed after every 150 events. Made once.
 * @param name another name is another ledger, with another key
 */
export async function sealedLedger(name = "ours"): Promise<SealedLedger> {
  const making = made.get(name) ?? make()
  made.set(name, making)
  const { bytes, key, kept } = await making
  const file = path.join(await tempFolder(), "ledger.db")
  fs.writeFileSync(file, bytes)
  return { file, key, kept }
}

/** What verifying the file says. */
export async function verdictOn(file: string, vouched: Partial<Vouched> = {}): Promise<Verdict> {
  const ledger = openSqliteLedger(file)
  try {
    return await verify(ledger, { checkpoints: [], ...vouched }, () => {}, forever)
  } finally {
    await ledger.close()
  }
}

/** Lines of an export, as the program writes them. @param range all that the note vouches for unless given */
export async function exported(
  file: string,
  note: string,
  range: { readonly from?: number; readonly to?: number } = {},
): Promise<string[]> {
  const ledger = openSqliteLedger(file)
  try {
    const size = Number(note.split("\n")[1])
    const lines: string[] = []
    for await (const line of exportLines(ledger, { from: 0, to: size - 1, ...range, note }, forever)) {
      lines.push(JSON.stringify(line))
    }
    return lines
  } finally {
    await ledger.close()
  }
}
