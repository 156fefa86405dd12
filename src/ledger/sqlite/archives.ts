/** The archives of a ledger's file: making them, moving them elsewhere and putting them back. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Db } from "#sqlite/open.js"
import { storeError } from "#sqlite/errors.js"
import { instant } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Watching } from "#kernel/watching.js"
import type { ArchiveRequest, Archived, ArchivedRange, Archives } from "../archive/archives.js"
import { copyDurably } from "../archive/folder.js"
import { Segment, hashOfFile, unavailable } from "../archive/segment.js"
import type { ArchiveRow } from "./archive-rows.js"
import type { ArchivedEvents } from "./archived.js"
import type { Archiving } from "./archiving.js"

/** Pages that are given back at a time. */
const pagesAtOnce = 256
/** How SQLite calls it when it is asked. */
const incremental = 2

export interface ArchivesOptions {
  readonly db: Db
  readonly archived: ArchivedEvents
  readonly archiving: Archiving
  /** What the ledger is called in errors. */
  readonly what: string
  /** Runs what must not meet a redaction. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
}

export class SqliteArchives implements Archives {
  readonly #options: ArchivesOptions
  readonly #moved

  constructor(options: ArchivesOptions) {
    this.#options = options
    this.#moved = options.db.prepare<[string | null, number]>("UPDATE archives SET moved_to = ? WHERE first = ?")
    options.archived.folder.tidy(options.archived.rows.all())
  }

  async list(): Promise<readonly ArchivedRange[]> {
    return this.#options.archived.rows.all().map((row) => this.#rangeOf(row))
  }

  async create(request: ArchiveRequest, { progress, signal }: Watching): Promise<Archived> {
    const { archived, archiving, alone } = this.#options
    const before = archived.rows.watermark()
    const step = async (what: string, done: number) => {
      progress(done, request.upTo - before, what)
      await new Promise((resolve) => setImmediate(resolve))
      if (signal.aborted) throw new FleetError("Cancelled", "archiving was cancelled; what is archived stays so")
    }
    await this.#trying(async () => {
      for (;;) {
        const from = archived.rows.watermark() - before
        const last = await alone(() => archiving.archiveNext(request, (what, done) => step(what, from + done)))
        if (last === undefined) break
        await this.#remove((what) => step(what, last - before))
      }
      // What an earlier attempt left.
      await this.#remove((what) => step(what, archived.rows.watermark() - before))
      await this.#giveBack((what) => step(what, archived.rows.watermark() - before))
    })
    const ranges = (await this.list()).filter(({ first }) => first > before)
    return {
      ranges,
      events: ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0),
      bytes: ranges.reduce((sum, { bytes }) => sum + bytes, 0),
    }
  }

  async detach(first: Position, folder: string): Promise<ArchivedRange> {
    const row = this.#row(first)
    return this.#trying(async () => {
      const { archived, alone } = this.#options
      return alone(async () => {
        const from = archived.folder.fileOf(row)
        archived.open(row).close()
        mustBe(row, from)
        const to = path.join(path.resolve(folder), path.basename(from))
        if (isOneFile(from, to)) throw new FleetError("InvalidInput", `the archive is in ${folder} already`)
        copyDurably(from, to)
        mustBe(row, to)
        this.#moved.run(path.dirname(to), first)
        archived.forget()
        fs.rmSync(from)
        return this.#rangeOf(this.#row(first))
      })
    })
  }

  async attach(file: string): Promise<ArchivedRange> {
    return this.#trying(async () => {
      const { archived, alone } = this.#options
      return alone(async () => {
        const { range } = segmentAt(file)
        const row = archived.rows.all().find(({ first }) => first === range.first)
        const isOurs = row !== undefined && range.origin === archived.origin() && range.last === row.last
        if (!isOurs) {
          const { origin, first, last } = range
          const message = `${file} is no archive of this ledger: it holds positions ${first} to ${last} of ${origin}`
          throw new FleetError("InvalidInput", message)
        }
        if (!isSame(row, file)) throw new FleetError("InvalidInput", otherwise(row, file))
        const to = archived.folder.fileOf(row)
        if (path.resolve(file) !== path.resolve(to)) copyDurably(file, to)
        archived.forget()
        this.#moved.run(null, row.first)
        return this.#rangeOf(this.#row(row.first))
      })
    })
  }

  /** Removes from the ledger's file what is in archives, a little at a time. */
  async #remove(step: (what: string) => Promise<void>): Promise<void> {
    while (this.#options.archiving.removeSome()) await step("events removed")
  }

  /** Gives the space of what was removed back to the file system. */
  async #giveBack(step: (what: string) => Promise<void>): Promise<void> {
    const { db } = this.#options
    // A file from before space could be given back in part: once as a whole, which from then on makes it such a file.
    if (db.pragma("auto_vacuum", { simple: true }) !== incremental) {
      db.pragma("auto_vacuum = INCREMENTAL")
      db.exec("VACUUM")
    }
    const free = () => db.pragma("freelist_count", { simple: true }) as number
    for (let left = free(); left > 0;) {
      db.pragma(`incremental_vacuum(${pagesAtOnce})`)
      await step("space given back")
      const now = free()
      if (now >= left) break
      left = now
    }
    db.pragma("wal_checkpoint(TRUNCATE)")
  }

  /** @throws FleetError `NotFound` */
  #row(first: number): ArchiveRow {
    const rows = this.#options.archived.rows.all()
    const row = rows.find((candidate) => candidate.first === first)
    if (row !== undefined) return row
    const there = rows.length === 0 ? "there is none" : `they begin at ${rows.map((one) => one.first).join(", ")}`
    throw new FleetError("NotFound", `no archive begins at position ${first}; ${there}`)
  }

  #rangeOf(row: ArchiveRow): ArchivedRange {
    const { first, last, root, first_at: firstAt, last_at: lastAt, bytes, sha256, moved_to: movedTo } = row
    const file = this.#options.archived.folder.fileOf(row)
    return {
      first: first as Position,
      last: last as Position,
      from: instant(firstAt),
      to: instant(lastAt),
      root,
      file,
      bytes,
      sha256: sha256.toString("hex"),
      isHere: fs.existsSync(file),
      movedTo,
    }
  }

  async #trying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Error && "syscall" in error) {
        throw new FleetError(
          "StoreUnavailable",
          `an archive of ${this.#options.what} cannot be kept: ${messageOf(error)}`,
          {
            cause: error,
          },
        )
      }
      throw storeError(error, this.#options.what)
    }
  }
}

/** @throws FleetError `InvalidInput` for what is no archive */
function segmentAt(file: string): Segment {
  try {
    const segment = new Segment(file, { first: 0, last: 0 })
    segment.close()
    return segment
  } catch (cause) {
    if (!(cause instanceof FleetError)) throw cause
    const isMissing = cause.details["is"] === "missing"
    const message = `${file} ${isMissing ? "cannot be opened" : "is no archive, or damaged"}`
    throw new FleetError("InvalidInput", message, { cause })
  }
}

/** @throws FleetError `ArchiveUnavailable` unless the file is byte for byte the one that was archived */
function mustBe(row: ArchiveRow, file: string): void {
  if (!isSame(row, file)) throw unavailable("damaged", row, file, otherwise(row, file))
}

/** Whether both names lead to the same file, by whatever way. */
function isOneFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((name) => fs.statSync(name, { throwIfNoEntry: false }))
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev
}

function isSame({ sha256 }: ArchiveRow, file: string): boolean {
  return hashOfFile(file).equals(sha256)
}

function otherwise({ first, last }: ArchiveRow, file: string): string {
  return `${file} is not the archive of positions ${first} to ${last} as it is now: it is damaged, or from before a redaction`
}
