/** Signed notes and the keys that sign them, held against the specification's example, its rules, and what must not pass. */
import * as crypto from "node:crypto"
import { checkpointText, parseCheckpoint } from "#ledger/proof/checkpoint.js"
import {
  isSignedBy,
  parseNote,
  parseVerifierKey,
  signNote,
  signerOf,
  verifierKey,
  type Note,
  type Signer,
} from "#ledger/proof/note.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** The example of the format's reference implementation. */
const published = {
  key: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
}
const publishedNote = `${published.text}\n${published.line}`

/** The published key as one for signatures of another type, everything else right. */
function keyOfType(type: number): string {
  const typed = Buffer.from(published.key.split("+")[2] ?? "", "base64")
  typed.writeUInt8(type)
  const id = crypto.createHash("sha256").update("PeterNeumann\n").update(typed).digest("hex").slice(0, 8)
  return `PeterNeumann+${id}+${typed.toString("base64")}`
}

const newSigner = (name = "ledger.example"): Signer => signerOf(name, crypto.generateKeyPairSync("ed25519").privateKey)
const signer = newSigner()

describe("the published example", () => {
  it("is signed by the published key", () => {
    const note = parseNote(publishedNote)
    expect(note.text).toBe(published.text)
    expect(isSignedBy(note, parseVerifierKey(published.key))).toBe(true)
  })

  it("is not, once any character of its text is another", () => {
    const key = parseVerifierKey(published.key)
    for (let at = 0; at < published.text.length - 1; at++) {
      const text = `${published.text.slice(0, at)}!${published.text.slice(at + 1)}`
      expect(isSignedBy(parseNote(`${text}\n${published.line}`), key)).toBe(false)
    }
  })
})

describe("a verifier key", () => {
  it("is written as its name, the hash of name, type and key, and the key", () => {
    const key = parseVerifierKey(published.key)
    expect(key.name).toBe("PeterNeumann")
    const typed = Buffer.from("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "base64")
    const hash = crypto.createHash("sha256").update("PeterNeumann\n").update(typed).digest("hex")
    expect(key.id.toString("hex")).toBe(hash.slice(0, 8))
    expect(keyOfType(1)).toBe(published.key)
    expect(verifierKey("PeterNeumann", key.key).text).toBe(published.key)
  })

  it("comes back from its text, whatever its name", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[\s+\p{Cc}]/u.test(text))
    fc.assert(
      fc.property(name, (given) => {
        const { text, id } = newSigner(given)
        expect(parseVerifierKey(text)).toMatchObject({ name: given, id, text })
        expect(parseVerifierKey(`${text}\n`).text).toBe(text)
      }),
      { numRuns: 50 },
    )
  })

  it.each([
    ["another name", published.key.replace("Peter", "Petra")],
    ["another id", published.key.replace("c74f20a3", "c74f20a4")],
    ["an id in capitals", published.key.replace("c74f20a3", "C74F20A3")],
    ["another key", published.key.replace("ARpc2", "ARpc3")],
    ["another type of signature", keyOfType(2)],
    ["no name", published.key.replace("PeterNeumann", "")],
    ["a space in its name", published.key.replace("Peter", "Peter ")],
    ["a plus in its name", published.key.replace("Peter", "Peter+")],
    ["no id", "PeterNeumann+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"],
    ["a key cut short", published.key.slice(0, -4)],
    ["more behind its key", `${published.key}AAAA`],
    ["a line behind it", `${published.key}\nmore`],
    ["nothing in it", ""],
  ])("with %s is none", (_, text) => {
    expect(() => parseVerifierKey(text)).toThrow(/is not a verifier key/)
  })
})

describe("a signed note", () => {
  it("says its text, and who signed it", () => {
    const other = newSigner("witness.example/1")
    const note = parseNote(signNote("one\n\n— not yet\n\ntwo\n", [signer, other]))
    expect(note.text).toBe("one\n\n— not yet\n\ntwo\n")
    expect(note.signatures.map(({ name, id }) => [name, id])).toStrictEqual([
      ["ledger.example", signer.id],
      ["witness.example/1", other.id],
    ])
    expect([isSignedBy(note, signer), isSignedBy(note, other)]).toStrictEqual([true, true])
  })

  it("holds for every text, and for no other", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/\p{Cc}/gu, ""))
    const text = fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => `${lines.join("\n")}\n`)
    fc.assert(
      fc.property(text, text, (one, another) => {
        const note = parseNote(signNote(one, [signer]))
        expect(note.text).toBe(one)
        expect(isSignedBy(note, signer)).toBe(true)
        expect(isSignedBy({ ...note, text: another }, signer)).toBe(one === another)
      }),
    )
  })

  it("may carry sixteen signatures, of which one known suffices", () => {
    const others = Array.from({ length: 15 }, (_, index) => newSigner(`witness.example/${index}`))
    const note = parseNote(signNote("text\n", [...others, signer]))
    expect(note.signatures).toHaveLength(16)
    expect(isSignedBy(note, signer)).toBe(true)
  })

  it.each([
    ["is empty", ""],
    ["has no signature", published.text],
    ["has no signature behind its empty line", `${published.text}\n`],
    ["has no empty line", published.text + published.line],
    ["does not end its last line", publishedNote.slice(0, -1)],
    ["has something behind the signatures", `${publishedNote}more\n`],
    ["has an empty line behind the signatures", `${publishedNote}\n`],
    ["has a hyphen for a dash", publishedNote.replace("—", "-")],
    ["has two spaces behind the dash", publishedNote.replace("— ", "—  ")],
    ["has a signature without a name", publishedNote.replace("PeterNeumann ", "")],
    ["has a signature with a plus in its name", publishedNote.replace("PeterNeumann ", "Peter+Neumann ")],
    ["has a signature that is no base64", publishedNote.replace("x08go", "x08g!")],
    ["has a signature in the other alphabet", publishedNote.replace("x08go/", "x08go_")],
    ["has a signature that is only an id", `${published.text}\n— PeterNeumann x08gow==\n`],
    ["has one good line and one bad", `${publishedNote}— \n`],
    ["has lines that end as on Windows", publishedNote.replaceAll("\n", "\r\n")],
    ["has a tab in its text", publishedNote.replace(" ", "\t")],
    ["has a NUL in its text", publishedNote.replace("If", "\0If")],
    ["has an escape in its text", publishedNote.replace("If", "\u001b[2JIf")],
    ["is half a character", publishedNote.replace("If", "\ud83d")],
  ])("that %s is none", (_, note) => {
    expect(() => parseNote(note)).toThrow(/^this is not a signed note: /)
  })
})

describe("a signature", () => {
  const note = parseNote(signNote("text\n", [signer]))
  const [signature] = note.signatures as [Note["signatures"][number]]
  const with_ = (changed: Partial<typeof signature>): Note => ({ ...note, signatures: [{ ...signature, ...changed }] })

  it("of an unknown key counts for nothing, though it bears a known name", () => {
    const impostor = newSigner(signer.name)
    const forged = parseNote(signNote("text\n", [impostor]))
    expect(isSignedBy(forged, signer)).toBe(false)
    expect(isSignedBy(parseNote(signNote("text\n", [impostor, signer])), signer)).toBe(true)
  })

  it("of an unknown key counts for nothing, though it bears a known name and id", () => {
    const impostor = newSigner(signer.name)
    expect(isSignedBy(parseNote(signNote("text\n", [{ ...impostor, id: signer.id }])), signer)).toBe(false)
  })

  it("of a known key under another name counts for nothing", () => {
    expect(isSignedBy(with_({ name: "another.example" }), signer)).toBe(false)
    expect(isSignedBy(with_({ id: Buffer.from("00000000", "hex") }), signer)).toBe(false)
  })

  it("that does not hold spoils another of the same key that does", () => {
    const spoilt = { ...signature, signature: Buffer.alloc(64) }
    expect(isSignedBy({ ...note, signatures: [signature, spoilt] }, signer)).toBe(false)
    expect(isSignedBy({ ...note, signatures: [spoilt, signature] }, signer)).toBe(false)
  })

  it("of a wrong length is refused without a crash", () => {
    for (const length of [1, 63, 65, 3_000]) {
      expect(isSignedBy(with_({ signature: Buffer.alloc(length) }), signer)).toBe(false)
    }
  })

  it("does not survive any bit that falls over", () => {
    for (let bit = 0; bit < 64 * 8; bit++) {
      const flipped = Buffer.from(signature.signature)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(isSignedBy(with_({ signature: flipped }), signer)).toBe(false)
    }
  })
})

describe("a checkpoint", () => {
  const checkpoint = { origin: "fleet-ledger/00", size: 12, root: crypto.randomBytes(32) }
  const signed = (text: string) => signNote(text, [signer])
  const root = checkpoint.root.toString("base64")

  it("is an origin, a number of events in decimal and a root in base64, each on its line", () => {
    expect(checkpointText(checkpoint)).toBe(`fleet-ledger/00\n12\n${root}\n`)
    expect(parseCheckpoint(signed(checkpointText(checkpoint))).checkpoint).toStrictEqual(checkpoint)
  })

  it("may say more in further lines, as the format allows", () => {
    const extended = `${checkpointText(checkpoint)}more of it\n`
    expect(parseCheckpoint(signed(extended)).checkpoint).toStrictEqual(checkpoint)
  })

  it.each([
    ["no origin", `\n12\n${root}\n`],
    ["no size", `fleet-ledger/00\n\n${root}\n`],
    ["a size with a zero in front", `fleet-ledger/00\n012\n${root}\n`],
    ["a size with a sign", `fleet-ledger/00\n+12\n${root}\n`],
    ["a negative size", `fleet-ledger/00\n-1\n${root}\n`],
    ["a size in hexadecimal", `fleet-ledger/00\n0xc\n${root}\n`],
    ["a size that no number holds", `fleet-ledger/00\n99999999999999999999\n${root}\n`],
    ["a size that no number holds exactly", `fleet-ledger/00\n9007199254740993\n${root}\n`],
    ["no root", "fleet-ledger/00\n12\n"],
    ["a root of 31 bytes", `fleet-ledger/00\n12\n${checkpoint.root.subarray(1).toString("base64")}\n`],
    ["a root in hexadecimal", `fleet-ledger/00\n12\n${checkpoint.root.toString("hex")}\n`],
    ["a root with something between", `fleet-ledger/00\n12\n${root.slice(0, 8)}!${root.slice(8)}\n`],
  ])("with %s is none", (_, text) => {
    expect(() => parseCheckpoint(signed(text))).toThrow(/not a checkpoint/)
  })
})
