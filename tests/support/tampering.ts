/**
 * What somebody can do to a ledger who can write to its file: change rows past the triggers, which are back afterwards, and make anew what is derived
 * from them (leaves, the tree, and checkpoints, signed with a key of his own).
 */
import type { Signer } from "#ledger/proof/note.js"
import { dataHash, entryText, leafHash } from "#ledger/leaf.js"
import { checkpointText, originOf } from "#ledger/proof/checkpoint.js"
import { Edge } from "#ledger/proof/edge.js"
import { signNote } from "#ledger/proof/note.js"
import Database from "better-sqlite3"

export type Tampering = (db: Database.Database) => void

export function tamper(file: string, ...tamperings: readonly Tampering[]): void {
  const db = new Database(file)
  try {
    const triggers = db
      .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
      .all()
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`)
    for (const tampering of tamperings) db.transaction(() => tampering(db))()
    for (const { sql } of triggers) db.exec(sql)
  } finally {
    db.close()
  }
}

/** Runs statements. */
export function run(...statements: readonly string[]): Tampering {
  return (db) => statements.forEach((statement) => db.exec(statement))
}

interface Row {
  readonly position: number
  readonly head: string
  readonly data: string
  readonly salt: Buffer | null
  readonly dataHash: Buffer | null
}

/** Flips one bit of a column, at this byte of it. */
export function flip(column: "head" | "data" | "salt" | "leaf", position: number, byte: number, bit = 0): Tampering {
  return (db) => {
    const value = db.prepare(`SELECT CAST(${column} AS BLOB) FROM events WHERE position = ?`).pluck().get(position)
    const bytes = Buffer.from(value as Buffer)
    bytes.writeUInt8(bytes.readUInt8(byte) ^ (1 << bit), byte)
    const cast = column === "head" || column === "data" ? "CAST(? AS TEXT)" : "?"
    db.prepare(`UPDATE events SET ${column} = ${cast} WHERE position = ?`).run(bytes, position)
  }
}

/** Replaces a text within a column of an event. */
export function replace(column: "head" | "data", position: number, text: string, by: string): Tampering {
  return (db) => {
    const change = db.prepare(
      `UPDATE events SET ${column} = replace(${column}, $text, $by) WHERE position = $position AND instr(${column}, $text) > 0`,
    )
    if (change.run({ position, text, by }).changes !== 1) throw new Error(`no "${text}" at position ${position}`)
  }
}

/** Gives every event behind a position the next one, or takes one away. */
export function shift(from: number, by: 1 | -1): Tampering {
  // Over the negative numbers: no two may have the same at any moment.
  return run(
    `UPDATE events SET position = -(position + ${by}) - 1 WHERE position >= ${from}`,
    `UPDATE events SET position = -position - 1 WHERE position < 0`,
  )
}

/** Numbers the events of every stream anew, in the order of their positions. */
export const renumbered: Tampering = (db) => {
  const rows = db
    .prepare<[], { position: number; stream: number; head: string }>(
      "SELECT position, stream_no AS stream, head FROM events ORDER BY position",
    )
    .all()
  db.exec("UPDATE events SET revision = -revision - 1")
  const change = db.prepare("UPDATE events SET revision = ?, head = ? WHERE position = ?")
  const revisions = new Map<number, number>()
  for (const { position, stream, head } of rows) {
    const revision = (revisions.get(stream) ?? -1) + 1
    revisions.set(stream, revision)
    change.run(revision, head.replace(/"revision":\d+/, `"revision":${revision}`), position)
  }
}

/** The leaf of one event made anew. */
export function releafed(position: number): Tampering {
  return (db) => writeLeaf(db, rowsOf(db).find((row) => row.position === position) as Row)
}

/** What stands beside an envelope, made what it says, as far as that is an envelope. */
const columnsFromEnvelopes = `
  INSERT OR IGNORE INTO types (name)
    SELECT DISTINCT head ->> '$.type' FROM events WHERE json_valid(head) AND head ->> '$.type' IS NOT NULL;
  UPDATE events SET
    type_no = coalesce((SELECT no FROM types WHERE name = head ->> '$.type'), type_no),
    recorded_at = coalesce(CAST(round(1000 * unixepoch(head ->> '$.recordedAt', 'subsec')) AS INTEGER), recorded_at)
  WHERE json_valid(head)`

/** All leaves and the whole tree made anew; checkpoints too if there is somebody to sign them. */
export function rehashed(signer?: (origin: string) => Signer): Tampering {
  return (db) => {
    db.exec(columnsFromEnvelopes)
    db.exec("DELETE FROM subtrees")
    const subtree = db.prepare("INSERT INTO subtrees VALUES (?, ?, ?)")
    const edge = new Edge()
    let origin = ""
    for (const row of rowsOf(db)) {
      const { position } = row
      if (signer !== undefined && row.head.includes('"type":"LedgerCheckpointed"')) {
        const text = checkpointText({ origin, size: position, root: edge.root() })
        const note = signNote(text, [signer(origin)])
        db.prepare("UPDATE events SET data = ? WHERE position = ?").run(
          JSON.stringify({ note, size: position }),
          position,
        )
      }
      const changed = db.prepare<[number], string>("SELECT data FROM events WHERE position = ?").pluck().get(position)
      const leaf = writeLeaf(db, { ...row, data: changed as string })
      if (position === 0) origin = originOf(leaf)
      edge.push(leaf, 0, ({ level, index }, hash) => {
        if (level >= 8) subtree.run(level, index, hash)
      })
    }
  }
}

function rowsOf(db: Database.Database): Row[] {
  return db
    .prepare<[], Row>("SELECT position, head, data, salt, data_hash AS dataHash FROM events ORDER BY position")
    .all()
}

function writeLeaf(db: Database.Database, { position, head, data, salt, dataHash: hash }: Row): Buffer {
  const leaf = leafHash(entryText(head, salt === null ? (hash as Buffer).toString("hex") : dataHash(salt, data)))
  db.prepare("UPDATE events SET leaf = ? WHERE position = ?").run(leaf, position)
  return leaf
}
