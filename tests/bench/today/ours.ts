/** fleet-ledger's own: the fleet as it was recorded. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Fleet } from "#fleet.js"
import type { NewEvent, RecordedEvent } from "#events/catalog.js"
import { type Position, origin } from "#kernel/point.js"
import { jsonLines } from "#inventory/json.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import type { Ledger } from "#ledger/port.js"
import { storageOf } from "#operations/storage.js"
import { Views } from "#projections/views.js"
import { takeSnapshot } from "#snapshots/take.js"
import { changeOf } from "#timeline/change.js"
import { findEntity } from "#timeline/entity.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { recordsBehind } from "#timeline/whose.js"
import { itemsBetween } from "#tests/support/differences.js"
import type { Kept, Way } from "./way.js"

const signal = new AbortController().signal

export class Ours implements Way {
  readonly name = "fleet-ledger"
  readonly #fleet: Fleet
  readonly #ends: readonly Position[]
  /** Where the same events are recorded again, as how long that takes is asked, too. */
  readonly #again: { ledger: Ledger; readonly views: Views; readonly file: string }
  #bytesAtFirst = 0

  /** @param ends where the days end */
  constructor(folder: string, fleet: Fleet, ends: readonly Position[]) {
    fs.mkdirSync(folder)
    const file = path.join(folder, "ledger.db")
    this.#fleet = fleet
    this.#ends = ends
    this.#again = { ledger: openSqliteLedger(file), views: new Views(path.join(folder, "views.db")), file }
  }

  /** All that comes of a day at once, in its order: the writer puts into one commit what comes together. */
  async keep({ day }: Parameters<Way["keep"]>[0]): Promise<void> {
    const { ledger, views, file } = this.#again
    const upTo = this.#ends[day] as Position
    let after = day === 0 ? origin : (this.#ends[day - 1] as Position)
    while (after < upTo) {
      const events = await this.#fleet.ledger.readAll({ after, upTo, limit: 1_000 })
      await Promise.all(events.map((event) => ledger.append(event.stream, event.revision - 1, [newOf(event)], "again")))
      await views.handle(await ledger.readAll({ after, limit: 1_000 }))
      after = events.at(-1)?.position ?? upTo
    }
    if (day > 0) return
    // Closed, as what is in its log is in the file as well.
    await ledger.close()
    this.#bytesAtFirst = fs.statSync(file).size
    this.#again.ledger = openSqliteLedger(file)
  }

  async finish(): Promise<void> {
    this.#again.views.close()
    await this.#again.ledger.close()
  }

  async one(id: string, day: number): Promise<number> {
    const { views } = this.#fleet
    const at = this.#ends[day] as Position
    const { kind, no } = await findEntity(views, id, at)
    const document =
      kind === "target"
        ? await documentOfTarget(views, await recordsOfTarget(views, id, at), at)
        : await views.inventory.document(no, at)
    return JSON.stringify(document).length
  }

  async everything(day: number): Promise<number> {
    const asked = { views: this.#fleet.views, at: this.#ends[day] as Position, conditions: new Map(), signal }
    let length = 0
    for await (const line of jsonLines(asked)) length += line.length
    return length
  }

  async diff(from: number, to: number): Promise<number> {
    const { views, ledger } = this.#fleet
    const asked = { from: this.#ends[from] as Position, to: this.#ends[to] as Position }
    return (await itemsBetween(views, ledger, asked)).length
  }

  async history(id: string): Promise<number> {
    const { views, ledger } = this.#fleet
    const at = this.#ends.at(-1) as Position
    const records = await recordsBehind(views, await findEntity(views, id, at), at, true)
    const recordNos = records.map(({ no }) => no)
    const { positions } = await views.history.page({
      at,
      newestFirst: true,
      limit: 10_000,
      filter: {},
      own: true,
      recordNos,
    })
    for (const event of await ledger.readAt(positions)) await changeOf(views, event)
    return positions.length
  }

  async mark(day: number): Promise<void> {
    const position = this.#ends[day] as Position
    const point = { position, time: await this.#fleet.ledger.timeOf(position) }
    await takeSnapshot(this.#fleet, { name: `day-${day}`, type: "manual", point }, { actor: "bench" })
  }

  async kept(): Promise<readonly Kept[]> {
    const [first = 0, last = 0] = [this.#ends[0], this.#ends.at(-1)]
    const whole = await storageOf(this.#fleet)
    const events = last + 1
    // Of the first day by itself, as far as archives end there.
    const watching = { progress: () => {}, signal }
    const early = await this.#fleet.archive(first as Position, { actor: "bench" }, watching)
    await this.#fleet.archive(last as Position, { actor: "bench" }, watching)
    const small = await storageOf(this.#fleet)
    const index = (small.ledger.bytes / events) * early.events
    return [
      {
        bytes: whole.ledger.bytes,
        bytesAtFirst: this.#bytesAtFirst,
        how: `the ledger: ${events.toLocaleString("en")} events, proofs, indexes`,
      },
      {
        bytes: small.ledger.bytes + small.archives.bytes,
        bytesAtFirst: early.bytes + index,
        how: "the same, archived",
      },
      { bytes: whole.views.bytes, bytesAtFirst: undefined, how: "views besides, which can be made again" },
    ]
  }

  async close(): Promise<void> {
    await this.#fleet.close()
  }
}

function newOf({ type, data, metadata, observedAt, occurredAt }: RecordedEvent): NewEvent {
  return { type, data, metadata, observedAt, ...(occurredAt === undefined ? {} : { occurredAt }) } as NewEvent
}
