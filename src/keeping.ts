/**
 * Keeping a ledger safe: a backup of it while it is in use, putting a backup in its place, taking over an export. They work on the data folder's files,
 * beside whatever is open, or before it is.
 */
import * as fs from "node:fs"
import { createInterface } from "node:readline"
import type { LoadedConfig } from "#config/load.js"
import { systemClock } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Watching } from "#kernel/watching.js"
import type { Ledger } from "#ledger/port.js"
import { originIn, parseCheckpoint } from "#ledger/proof/checkpoint.js"
import { importLines } from "#ledger/proof/import.js"
import { type KeyFolder, keyFolder } from "#ledger/proof/key.js"
import { parseVerifierKey } from "#ledger/proof/note.js"
import { Sealer } from "#ledger/proof/seal.js"
import { type Unread, verify } from "#ledger/proof/verify.js"
import { copySqliteLedger } from "#ledger/sqlite/backup.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { writeCheckpoint } from "#sealing/checkpoint-files.js"
import { openEngine } from "./engine.js"
import { type Folder, folderAt, lockFolder, moveStore, removeStore } from "./folder.js"

export interface BackedUp {
  readonly events: number
  /** Of their tree, in base64. */
  readonly root: string
  /** Archives that are elsewhere, and so not in the backup. */
  readonly unread: readonly Unread[]
}

/** Copies the ledger to a file, its archives to a folder beside that, and verifies the copy. @throws FleetError */
export async function backup(config: LoadedConfig, file: string, watching: Watching): Promise<BackedUp> {
  mustBeInFile(config)
  copySqliteLedger(folderAt(config.data).ledger, file)
  const copy = openSqliteLedger(file)
  try {
    return await verified(copy, config, `the copy ${file}`, watching)
  } finally {
    await copy.close()
  }
}

export interface Restored {
  /** All that there are now, with what says that some are lost. */
  readonly events: number
  /** What was in the backup. */
  readonly backup: Omit<BackedUp, "unread">
  /** Events that were signed and are not in the backup. */
  readonly lost: number
  /** Where the ledger lies that was there before. */
  readonly before: string | undefined
  /** Archives that are neither in the backup nor here. */
  readonly unread: readonly Unread[]
}

/**
 * Puts a backup in the ledger's place, once it is verified, and says in it what is lost; what was there before is kept beside it.
 *
 * @throws FleetError `FolderInUse`; `LedgerForked` if it is a backup of another ledger; `StoreDamaged`; then everything is as it was
 */
export async function restore(
  config: LoadedConfig,
  file: string,
  told: { readonly actor: string; readonly reason: string },
  watching: Watching,
): Promise<Restored> {
  mustBeInFile(config)
  const { folder, lock } = lockFolder(config.data)
  try {
    const beside = `${folder.ledger}.restore`
    removeStore(beside)
    copySqliteLedger(file, beside, folder.ledger)
    const copy = openSqliteLedger(beside)
    let found: BackedUp
    try {
      found = await verified(copy, config, `the backup ${file}`, watching)
      await mustBeOf(folder.ledger, copy)
    } catch (error) {
      await copy.close()
      removeStore(beside)
      throw error
    }
    await copy.close()
    const isThere = fs.existsSync(folder.ledger)
    const before = isThere ? `${folder.ledger}.before-${systemClock.now().replaceAll(":", "-")}` : undefined
    if (before !== undefined) moveStore(folder.ledger, before)
    moveStore(beside, folder.ledger)
    removeStore(folder.views)
    const ledger = openSqliteLedger(folder.ledger)
    try {
      const notes = config.checkpoints.folder ?? folder.checkpoints
      const sealer = new Sealer(ledger, keyFolder(config.keys), systemClock, (checkpoint) =>
        writeCheckpoint(notes, checkpoint, systemClock.now().slice(0, 7)),
      )
      const restored = await sealer.restored(told.reason, told.actor)
      const { position } = await ledger.head()
      const { unread, ...had } = found
      const lost = restored === undefined ? 0 : restored.lost - restored.kept
      return { events: position + 1, backup: had, lost, before, unread }
    } finally {
      await ledger.close()
    }
  } finally {
    lock.release()
  }
}

export interface Taken {
  readonly events: number
  readonly origin: string
  /** Whether the key here is the one that signed: if not, what is recorded from now on cannot be sealed here. */
  readonly keyIsHere: boolean
}

/**
 * Makes a ledger out of a whole export, where there is none; on a cluster it goes on where an import of the same export was interrupted.
 *
 * @param file the export; `-` reads standard input
 * @param key that must have signed the checkpoint at its end
 * @throws FleetError `RevisionConflict` if the folder has a ledger already; as `importLines`; a file that was not there before is then not there
 */
export async function importExport(
  config: LoadedConfig,
  file: string,
  key: string | undefined,
  { progress, signal }: Watching,
): Promise<Taken> {
  const { folder, lock } = lockFolder(config.data)
  const take = async (ledger: Ledger): Promise<Taken> => {
    const verifier = key === undefined ? undefined : parseVerifierKey(key)
    const count = (done: number, total: number) => progress(done, total, "events")
    const { events, note, checkpoint } = await importLines(linesOf(file), ledger, verifier, count, signal)
    const keyIsHere = await rememberSigned(ledger, keyFolder(config.keys), checkpoint.origin, note)
    return { events, origin: checkpoint.origin, keyIsHere }
  }
  try {
    return await (config.ledger.engine === "sqlite" ? intoFile(folder, take) : intoCluster(config, folder, take))
  } finally {
    lock.release()
  }
}

async function intoCluster(
  config: LoadedConfig,
  folder: Folder,
  take: (ledger: Ledger) => Promise<Taken>,
): Promise<Taken> {
  const { ledger } = await openEngine(config, folder, systemClock)
  try {
    return await take(ledger)
  } finally {
    await ledger.close()
  }
}

/** All of it or nothing. */
async function intoFile(folder: Folder, take: (ledger: Ledger) => Promise<Taken>): Promise<Taken> {
  if (fs.existsSync(folder.ledger)) {
    throw new FleetError(
      "RevisionConflict",
      `there is a ledger in ${folder.path} already, and an import makes a whole one; choose another folder with --data`,
    )
  }
  const beside = `${folder.ledger}.import`
  removeStore(beside)
  const ledger = openSqliteLedger(beside)
  try {
    const taken = await take(ledger)
    await ledger.close()
    removeStore(folder.views)
    moveStore(beside, folder.ledger)
    return taken
  } finally {
    await ledger.close()
    removeStore(beside)
  }
}

function mustBeInFile({ ledger }: LoadedConfig): void {
  if (ledger.engine === "sqlite") return
  throw new FleetError(
    "InvalidInput",
    'the ledger is kept by a cluster, which has backups of its own; "fleet-ledger export" makes a copy that can be imported',
  )
}

/** So that nothing else is ever sealed in its place. @returns whether the key is here that signed it */
async function rememberSigned(ledger: Ledger, keys: KeyFolder, origin: string, note: string): Promise<boolean> {
  const known = keys.lastSigned(origin)
  const sealer = new Sealer(ledger, keys, systemClock)
  await sealer.signer()
  if (known === undefined || parseCheckpoint(known).checkpoint.size < parseCheckpoint(note).checkpoint.size) {
    keys.remember(origin, note)
  }
  return sealer.hasKey()
}

/** @throws FleetError `InvalidInput` when it cannot be read */
async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    const input = file === "-" ? process.stdin : fs.createReadStream(file)
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (cause) {
    throw new FleetError("InvalidInput", `the export ${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

/** @throws FleetError `StoreDamaged` naming the first thing that is wrong */
async function verified(
  ledger: Ledger,
  config: LoadedConfig,
  what: string,
  { progress, signal }: Watching,
): Promise<BackedUp> {
  const origin = await originIn(ledger)
  if (origin === undefined) throw new FleetError("NotFound", `${what} has no events`)
  const { position } = await ledger.head()
  const remembered = keyFolder(config.keys).lastSigned(origin)
  const isWithin = remembered !== undefined && parseCheckpoint(remembered).checkpoint.size <= position + 1
  const checkpoints = isWithin ? [{ where: "the checkpoint that was signed last", note: remembered }] : []
  const { wrong, events, root, unread } = await verify(
    ledger,
    { checkpoints },
    (done, total) => progress(done, total, "events"),
    signal,
  )
  if (wrong !== null) throw new FleetError("StoreDamaged", `${what} is not what was signed: ${wrong.message}`)
  return { events, root, unread }
}

/** @throws FleetError `LedgerForked` if the copy is one of another ledger than the one in the file, as far as that can still be read */
async function mustBeOf(file: string, copy: Ledger): Promise<void> {
  const [present, origin] = [await originInFile(file), await originIn(copy)]
  if (present === undefined || present === origin) return
  throw new FleetError(
    "LedgerForked",
    `this is a backup of another ledger: it is ${origin}, the one in the data folder ${present}`,
  )
}

/** Undefined where there is none, or none that can be read. */
async function originInFile(file: string): Promise<string | undefined> {
  if (!fs.existsSync(file)) return undefined
  try {
    const ledger = openSqliteLedger(file)
    const origin = await originIn(ledger)
    await ledger.close()
    return origin
  } catch (error) {
    if (error instanceof FleetError && error.code === "StoreDamaged") return undefined
    throw error
  }
}
