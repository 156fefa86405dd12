/**
 * The key that signs checkpoints, and what it signed last. Both live outside the data folder, so that whoever can rewrite the ledger there can neither sign
 * the rewritten one nor make the signer forget what it has already vouched for.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { FleetError, messageOf } from "#kernel/errors.js"

export interface KeyFolder {
  /** The private key; made at the first call. @throws FleetError `StoreUnavailable` */
  privateKey(): crypto.KeyObject
  /** The key that is about to take its place, and those that it took the place of. */
  otherKeys(): readonly crypto.KeyObject[]
  /** Keeps a key that is about to take its place, before anybody is told of it. */
  stage(key: crypto.KeyObject): void
  /** Puts another key in its place, and keeps the old one beside it. */
  replace(key: crypto.KeyObject): void
  /** The newest checkpoint that was signed of a ledger. */
  lastSigned(origin: string): string | undefined
  /** Remembers it before anybody else sees it. */
  remember(origin: string, note: string): void
}

const keyFile = "signing-key.pem"

/** @param folder made for this user alone when it is needed */
export function keyFolder(folder: string): KeyFolder {
  const key = path.join(folder, keyFile)
  const staged = `${key}.next`
  const signed = (origin: string) => path.join(folder, `last-${origin.replaceAll("/", "-")}.note`)

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
    privateKey: () =>
      trying(() => {
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
    otherKeys: () =>
      trying(() =>
        fs
          .readdirSync(folder)
          .filter((name) => name === path.basename(staged) || name.startsWith(`${keyFile}.old-`))
          .map((name) => privateKeyIn(read(path.join(folder, name)) ?? "", name)),
      ),
    stage: (next) => trying(() => writeDurably(staged, pemOf(next))),
    replace: (next) =>
      trying(() => {
        const { length } = fs.readdirSync(folder).filter((name) => name.startsWith(`${keyFile}.old-`))
        fs.linkSync(key, `${key}.old-${length + 1}`)
        writeDurably(key, pemOf(next))
        fs.rmSync(staged, { force: true })
      }),
    lastSigned: (origin) => trying(() => read(signed(origin))),
    remember: (origin, note) => trying(() => writeDurably(signed(origin), note)),
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

/** All of it or what was there before, for the owner alone. */
function writeDurably(file: string, text: string): void {
  const beside = `${file}.new`
  const descriptor = fs.openSync(beside, "w", 0o600)
  try {
    fs.writeFileSync(descriptor, text)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  fs.renameSync(beside, file)
}
