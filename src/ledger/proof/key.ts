/**
 * The key that signs checkpoints, and what it signed last. Both live outside the data folder, so that whoever can rewrite the ledger there can neither sign
 * the rewritten one nor make the signer forget what it has already vouched for.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { FleetError, messageOf } from "#kernel/errors.js"
import { writeDurably } from "#kernel/write-durably.js"

/** Each ledger has its own key, found by the ledger's name. */
export interface KeyFolder {
  /** The private key; made at the first call. @throws FleetError `StoreUnavailable` */
  privateKey(origin: string): crypto.KeyObject
  /** The key that is about to take its place, and those that it took the place of. */
  otherKeys(origin: string): readonly crypto.KeyObject[]
  /** Keeps a key that is about to take its place, before anybody is told of it. */
  stage(origin: string, key: crypto.KeyObject): void
  /** Puts another key in its place, and keeps the old one beside it. */
  replace(origin: string, key: crypto.KeyObject): void
  /** The newest checkpoint that was signed of a ledger. */
  lastSigned(origin: string): string | undefined
  /** Remembers it before anybody else sees it. */
  remember(origin: string, note: string): void
}

/** @param folder made for this user alone when it is needed */
export function keyFolder(folder: string): KeyFolder {
  /** What belongs to a ledger. */
  const of = (origin: string) => {
    const key = path.join(folder, `${origin.replaceAll("/", "-")}.pem`)
    return { key, staged: `${key}.next`, old: `${key}.old-`, signed: key.replace(/pem$/, "note") }
  }
  const filesBeginningWith = (start: string) =>
    fs
      .readdirSync(folder)
      .flatMap((name) => (path.join(folder, name).startsWith(start) ? [path.join(folder, name)] : []))

  const trying = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      if (error instanceof FleetError) throw error
      const message = `the folder of the signing key, ${folder}, cannot be used: ${messageOf(error)}; "keys" in the configuration names another`
      throw new FleetError("StoreUnavailable", message, { cause: error })
    }
  }

  const read = (file: string): string | undefined => {
    try {
      return fs.readFileSync(file, "utf8")
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
      throw error
    }
  }

  return {
    privateKey: (origin) =>
      trying(() => {
        const { key } = of(origin)
        const pem = read(key)
        if (pem === undefined) {
          const { privateKey } = crypto.generateKeyPairSync("ed25519")
          fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
          writeDurably(key, pemOf(privateKey))
          return privateKey
        }
        if ((fs.statSync(key).mode & 0o077) !== 0) {
          throw new FleetError(
            "StoreUnavailable",
            `others may read the signing key ${key}; make it yours alone: chmod 600`,
          )
        }
        return privateKeyIn(pem, key)
      }),
    otherKeys: (origin) =>
      trying(() => {
        const { staged, old } = of(origin)
        return [staged, old].flatMap(filesBeginningWith).map((file) => privateKeyIn(read(file) ?? "", file))
      }),
    stage: (origin, next) => trying(() => writeDurably(of(origin).staged, pemOf(next))),
    replace: (origin, next) =>
      trying(() => {
        const { key, staged, old } = of(origin)
        fs.linkSync(key, `${old}${filesBeginningWith(old).length + 1}`)
        writeDurably(key, pemOf(next))
        fs.rmSync(staged, { force: true })
      }),
    lastSigned: (origin) => trying(() => read(of(origin).signed)),
    remember: (origin, note) => trying(() => writeDurably(of(origin).signed, note)),
  }
}

function pemOf(key: crypto.KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString()
}

function privateKeyIn(pem: string, file: string): crypto.KeyObject {
  const key = crypto.createPrivateKey(pem)
  if (key.asymmetricKeyType !== "ed25519") {
    throw new FleetError("StoreUnavailable", `${file} is no Ed25519 key`)
  }
  return key
}
