/** Verifying everything, in place and from an export, against reading and parsing the same events. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { systemClock } from "#kernel/clock.js"
import type { Ledger } from "#ledger/port.js"
import { exportLines } from "#ledger/proof/export.js"
import { keyFolder } from "#ledger/proof/key.js"
import { Sealer } from "#ledger/proof/seal.js"
import { verify } from "#ledger/proof/verify.js"
import { readAndParse } from "./rebuild.js"
import { type Row, seconds } from "./report.js"

const forever = new AbortController().signal

export async function benchVerify(ledger: Ledger, ledgerFile: string, folder: string): Promise<Row[]> {
  const inPlace = await benchInPlace(ledger, ledgerFile, folder, rounds)
  const sealer = new Sealer(ledger, keyFolder(path.join(folder, "keys")), systemClock)
  const { note, size } = await sealer.seal()
  const { text: key } = await sealer.signer()
  const file = path.join(folder, "export.ndjson")
  const out = fs.openSync(file, "w")
  for await (const line of exportLines(ledger, { from: 0, to: size - 1, note }, forever)) {
    fs.writeSync(out, `${JSON.stringify(line)}\n`)
  }
  fs.closeSync(out)
  const offline = await medianOf(rounds, async () => ({
    base: await seconds(() => run("--eval", parseLines, file)),
    ours: await seconds(() => run("dist/src/ledger/proof/verify-export.js", file, "--key", key, "--checkpoint", note)),
  }))

  return [inPlace, rowOf("offline verifier", size, offline)]
}

export async function benchInPlace(ledger: Ledger, ledgerFile: string, folder: string, times: number): Promise<Row> {
  const { note, size } = await new Sealer(ledger, keyFolder(path.join(folder, "keys")), systemClock).seal()
  const vouched = { checkpoints: [{ where: "here", note }] }
  const inPlace = await medianOf(times, async () => ({
    base: await seconds(() => readAndParse(ledgerFile)),
    ours: await seconds(async () => {
      const { wrong } = await verify(ledger, vouched, () => {}, forever)
      if (wrong !== null) throw new Error(wrong.message)
    }),
  }))
  return rowOf("verify", size, inPlace)
}

function rowOf(what: string, size: number, { ours, base }: Compared): Row {
  return {
    what: `${what}, ${size.toLocaleString("en")} events`,
    budget: "≤ 3 × reading and parsing",
    measured: `${(ours / base).toFixed(1)} × (${ours.toFixed(1)} s, ${base.toFixed(1)} s)`,
    pass: ours / base <= 3,
  }
}

const rounds = 3

/** Seconds. */
interface Compared {
  readonly base: number
  readonly ours: number
}

/** The round whose ratio is the median. */
async function medianOf(count: number, round: () => Promise<Compared>): Promise<Compared> {
  const all: Compared[] = []
  for (let i = 0; i < count; i++) all.push(await round())
  return all.toSorted((a, b) => a.ours / a.base - b.ours / b.base)[Math.floor(count / 2)] as Compared
}

/** What any verifier of an export has to do at least. */
const parseLines = `
  const lines = require("node:readline").createInterface({ input: require("node:fs").createReadStream(process.argv[1]) })
  lines.on("line", (line) => JSON.parse(JSON.parse(line).head ?? "{}"))`

function run(...args: readonly string[]): void {
  execFileSync(process.execPath, args)
}
