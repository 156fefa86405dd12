/**
 * `npm run bench [-- [timeline] [serve] [full] [aged]]`: the budgets, measured, or with `timeline` those of moving through time alone, and what that costs with git and with copies;
 * with `serve` also answering 10,000 targets' worth of questions while changes come. By default on 1,000 targets with 10,000 services and 100,000 changes; `full` on ten times as much.
 * With `aged` one entity is asked for after ten million events, too.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { benchAged } from "./aged.js"
import { benchAppend } from "./append.js"
import { foldAll, writeFleet } from "./fleet-on-disk.js"
import { benchPeers } from "./peers.js"
import { benchRebuild } from "./rebuild.js"
import { type Row, print } from "./report.js"
import { benchRules } from "./rules.js"
import { benchServe } from "./serve.js"
import { benchSsh } from "./ssh.js"
import { benchVerify } from "./verify.js"
import { benchDiff, benchEntity, benchSnapshot, benchWays } from "./timeline.js"
import { benchQueries } from "./queries.js"
import { benchToday } from "./today.js"
import { benchImport, benchWhole } from "./whole.js"
import { keepHeapSmall } from "#kernel/small-heap.js"
import { Views } from "#projections/views.js"

// As `serve` does, and whoever works on a folder.
keepHeapSmall()
const onlyTimeline = process.argv.includes("timeline")
const full = process.argv.includes("full")
const targets = full ? 10_000 : 1_000
const changes = full ? 880_000 : 100_000
/** Changes that both fleets of the diff share, all within as many targets as the small one has. */
const compared = 5_000

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fleet-ledger-bench-"))
try {
  const [cpu] = os.cpus()
  process.stdout.write(
    `node ${process.version}, ${os.cpus().length} × ${cpu?.model.trim()}, ${new Date().toISOString().slice(0, 10)}\n\n`,
  )
  const rows: Row[] = []
  /** Told as they come, too: all of it takes long. */
  const tell = (...told: readonly Row[]) => {
    for (const { what, measured } of told) process.stderr.write(`${what}: ${measured}\n`)
    rows.push(...told)
  }
  if (!onlyTimeline) tell(...(await benchAppend(folder)))

  const ledgerFile = path.join(folder, "ledger.db")
  const onDisk = await writeFleet(ledgerFile, targets, changes)
  if (!onlyTimeline) {
    const rebuilt = await benchRebuild(onDisk.ledger, ledgerFile, folder)
    tell(...rebuilt.rows, ...(await benchRules(ledgerFile, folder)))
    tell(...(await benchPeers(folder, rebuilt.caughtUp)))
    tell(...(await benchVerify(onDisk.ledger, ledgerFile, folder)))
  }
  // As they are served: what is made by a rebuild is opened again, so that others can read it.
  const viewsFile = path.join(folder, "views.db")
  ;(await foldAll(onDisk.ledger, viewsFile)).close()
  const views = new Views(viewsFile)
  tell(...(await benchEntity(views, onDisk, targets)), ...(await benchQueries(views, onDisk)))
  tell(...(await benchWhole(views, onDisk)), ...(await benchImport(folder)))
  tell(...(await benchWays({ views, ledger: onDisk.ledger }, changes)))
  tell(await benchSnapshot(views, onDisk.ledger))

  const small = await writeFleet(path.join(folder, "small.db"), targets / 10, compared)
  const smallViews = await foldAll(small.ledger, path.join(folder, "small-views.db"))
  const large = await writeFleet(path.join(folder, "large.db"), targets, compared, targets / 10)
  const largeViews = await foldAll(large.ledger, path.join(folder, "large-views.db"))
  tell(
    ...(await benchDiff(
      { views: smallViews, ledger: small.ledger },
      { views: largeViews, ledger: large.ledger },
      compared,
    )),
  )

  tell(...(await benchAged(folder, process.argv.includes("aged") ? [1e5, 1e6, 1e7] : [1e5, 1e6])))
  if (process.argv.includes("serve")) tell(...(await benchServe(folder, 10_000)))
  if (!onlyTimeline) tell(...(await benchSsh(folder, 200)))

  print(rows)
  if (onlyTimeline) process.stdout.write(`\n${await benchToday(folder, 1_000, 30)}\n`)
  process.exitCode = rows.every(({ pass }) => pass) ? 0 : 1
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}
