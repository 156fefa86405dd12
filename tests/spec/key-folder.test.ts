/** The folder of the signing key: who may read what lies in it, and what is no key. */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { type KeyFolder, keyFolder } from "#ledger/proof/key.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it } from "vitest"

const ours = "fleet-ledger/00"

async function freshFolder(): Promise<{ folder: string; file: string; keys: KeyFolder }> {
  const folder = path.join(await tempFolder(), "a", "keys")
  return { folder, file: path.join(folder, "fleet-ledger-00.pem"), keys: keyFolder(folder) }
}

const modeOf = (file: string) => (fs.statSync(file).mode & 0o777).toString(8)
const publicOf = (key: crypto.KeyObject) =>
  crypto.createPublicKey(key).export({ format: "der", type: "spki" }).toString("hex")

describe("a key folder", () => {
  it("is made with a key when that is asked for first, and gives the same one from then on", async () => {
    const { folder, keys } = await freshFolder()
    expect(fs.existsSync(folder)).toBe(false)
    const key = keys.privateKey(ours)
    expect(key.asymmetricKeyType).toBe("ed25519")
    expect([keys.privateKey(ours), keyFolder(folder).privateKey(ours)].map(publicOf)).toStrictEqual([
      publicOf(key),
      publicOf(key),
    ])
  })

  it("is for its owner alone, with all that is in it", async () => {
    const { folder, keys } = await freshFolder()
    const umask = process.umask(0)
    try {
      keys.privateKey(ours)
      keys.remember("fleet-ledger/00", "a note\n")
      keys.replace(ours, crypto.generateKeyPairSync("ed25519").privateKey)
    } finally {
      process.umask(umask)
    }
    expect(modeOf(folder)).toBe("700")
    const files = fs.readdirSync(folder)
    expect(files.sort()).toStrictEqual(["fleet-ledger-00.note", "fleet-ledger-00.pem", "fleet-ledger-00.pem.old-1"])
    expect(files.map((file) => modeOf(path.join(folder, file)))).toStrictEqual(["600", "600", "600"])
  })

  it("keeps every key that was replaced", async () => {
    const { keys } = await freshFolder()
    const all = [keys.privateKey(ours)]
    for (let count = 0; count < 3; count++) {
      const { privateKey } = crypto.generateKeyPairSync("ed25519")
      keys.replace(ours, privateKey)
      expect(publicOf(keys.privateKey(ours))).toBe(publicOf(privateKey))
      all.push(privateKey)
    }
    expect(keys.otherKeys(ours).map(publicOf).sort()).toStrictEqual(all.slice(0, -1).map(publicOf).sort())
  })

  it("has a key for each ledger, and replaces one of them alone", async () => {
    const { keys } = await freshFolder()
    const [one, two] = [keys.privateKey(ours), keys.privateKey("fleet-ledger/01")]
    expect(publicOf(one)).not.toBe(publicOf(two))
    keys.replace(ours, crypto.generateKeyPairSync("ed25519").privateKey)
    expect(publicOf(keys.privateKey("fleet-ledger/01"))).toBe(publicOf(two))
    expect(keys.otherKeys("fleet-ledger/01")).toStrictEqual([])
  })

  it("remembers the newest checkpoint of each ledger", async () => {
    const { keys } = await freshFolder()
    keys.privateKey(ours)
    expect(keys.lastSigned("fleet-ledger/00")).toBeUndefined()
    for (const note of ["one\n", "two\n"]) keys.remember("fleet-ledger/00", note)
    keys.remember("fleet-ledger/01", "another\n")
    expect(["fleet-ledger/00", "fleet-ledger/01"].map((origin) => keys.lastSigned(origin))).toStrictEqual([
      "two\n",
      "another\n",
    ])
  })
})

describe("a signing key", () => {
  it.each(["640", "604", "660", "644", "610", "601"])(
    "with mode %s is not used, since others may get at it",
    async (mode) => {
      const { file, keys } = await freshFolder()
      keys.privateKey(ours)
      fs.chmodSync(file, Number.parseInt(mode, 8))
      const refused = await refusalOf(() => keys.privateKey(ours))
      expect(refused).toMatchObject({ code: "StoreUnavailable" })
      expect(refused.message).toBe(`others may read the signing key ${file}; make it yours alone: chmod 600`)
    },
  )

  it("that only its owner may read is used", async () => {
    const { file, keys } = await freshFolder()
    const key = keys.privateKey(ours)
    fs.chmodSync(file, 0o400)
    expect(publicOf(keys.privateKey(ours))).toBe(publicOf(key))
  })

  it.each([
    ["is damaged", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
    ["is empty", ""],
    [
      "is of another kind",
      crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }),
    ],
    ["is a public key", crypto.generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" })],
  ])("that %s is refused by the name of its file, and left where it is", async (_, pem) => {
    const { folder, file, keys } = await freshFolder()
    keys.privateKey(ours)
    fs.writeFileSync(file, pem)
    const refused = await refusalOf(() => keys.privateKey(ours))
    expect(refused).toMatchObject({ code: "StoreUnavailable" })
    expect(refused.message).toContain(folder)
    expect(fs.readFileSync(file, "utf8")).toBe(pem)
  })

  it("where no folder can be made is refused, saying which setting names another", async () => {
    const inTheWay = path.join(await tempFolder(), "file")
    fs.writeFileSync(inTheWay, "")
    const refused = await refusalOf(() => keyFolder(path.join(inTheWay, "keys")).privateKey(ours))
    expect(refused.code).toBe("StoreUnavailable")
    expect(refused.message).toMatch(/"keys" in the configuration names another$/)
  })
})
