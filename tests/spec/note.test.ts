/** Signed notes as C2SP's signed-note specification has them, held against a note that others signed. */
import * as crypto from "node:crypto"
import { noStream } from "#ledger/port.js"
import { checkpointText, originIn, originOf, parseCheckpoint } from "#ledger/proof/checkpoint.js"
import { isSignedBy, parseNote, parseVerifierKey, signNote, signerOf, verifierKey } from "#ledger/proof/note.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** The well-known example, signed by another implementation. */
const peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
const theirs =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

const signer = (name = "ours") => signerOf(name, crypto.generateKeyPairSync("ed25519").privateKey)

describe("a note that others signed", () => {
  it("is signed by their key", () => {
    expect(isSignedBy(parseNote(theirs), parseVerifierKey(peter))).toBe(true)
  })

  it("has the text that was signed, with its last line end", () => {
    expect(parseNote(theirs).text).toBe(theirs.slice(0, theirs.indexOf("\n\n") + 1))
  })

  it.each([
    ["its text is another", theirs.replace("problem", "Problem")],
    ["its signature is another", theirs.replace("x08go/ZJ", "x08go/ZK")],
    ["it names another key", theirs.replace("— PeterNeumann", "— EnochRoot")],
    ["it gives the key another id", theirs.replace("x08go", "x08gp")],
  ])("is not signed by it when %s", (_, note) => {
    expect(isSignedBy(parseNote(note), parseVerifierKey(peter))).toBe(false)
  })
})

describe("a note of ours", () => {
  it("is signed by its signer, whatever it says, and by nobody of the same name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (said) => {
        const [ours, impostor] = [signer(), signer()]
        const note = parseNote(signNote(`${said}\n`, [ours]))
        expect(note.text).toBe(`${said}\n`)
        expect([ours, impostor, parseVerifierKey(ours.text)].map((key) => isSignedBy(note, key))).toEqual([
          true,
          false,
          true,
        ])
      }),
      { numRuns: 50 },
    )
  })

  it("may hold empty lines and dashes: the last empty line ends its text", () => {
    const said = "one\n\n— not yet AAAA\n\ntwo\n"
    expect(parseNote(signNote(said, [signer()])).text).toBe(said)
  })

  it("may be signed by sixteen, of whom one who is known suffices", () => {
    const [ours, others] = [signer(), Array.from({ length: 15 }, (_, index) => signer(`witness-${index}`))]
    const note = parseNote(signNote("said\n", [...others, ours]))
    expect(note.signatures).toHaveLength(16)
    expect(isSignedBy(note, ours)).toBe(true)
  })

  it("may be signed by several, in any order", () => {
    const [one, two, other] = [signer("one"), signer("two"), signer("other")]
    const note = parseNote(signNote("said\n", [one, two]))
    expect([one, two, other].map((key) => isSignedBy(note, key))).toEqual([true, true, false])
  })
})

describe("a signature", () => {
  const ours = signer()
  const note = parseNote(signNote("said\n", [ours]))
  const signatures = note.signatures.map(({ name, id, signature }) => ({ name, id, signature }))

  it("of a key that is not known counts for nothing, under a known name and beside a known signature", () => {
    const impostor = signer(ours.name)
    expect(isSignedBy(parseNote(signNote("said\n", [impostor, ours])), ours)).toBe(true)
    expect(isSignedBy(parseNote(signNote("said\n", [{ ...impostor, id: ours.id }])), ours)).toBe(false)
  })

  it("that does not hold spoils another of the same key that does", () => {
    const spoilt = signatures.map((signature) => ({ ...signature, signature: Buffer.alloc(64) }))
    expect(isSignedBy({ ...note, signatures: [...signatures, ...spoilt] }, ours)).toBe(false)
    expect(isSignedBy({ ...note, signatures: [...spoilt, ...signatures] }, ours)).toBe(false)
  })

  it("of a wrong length does not hold", () => {
    for (const length of [1, 63, 65, 3_000]) {
      const wrong = signatures.map((signature) => ({ ...signature, signature: Buffer.alloc(length) }))
      expect(isSignedBy({ ...note, signatures: wrong }, ours)).toBe(false)
    }
  })

  it("does not survive any bit that falls over", () => {
    for (let bit = 0; bit < 64 * 8; bit++) {
      const flipped = signatures.map((signature) => {
        const bytes = Buffer.from(signature.signature)
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        return { ...signature, signature: bytes }
      })
      expect(isSignedBy({ ...note, signatures: flipped }, ours)).toBe(false)
    }
  })
})

describe("what is no note", () => {
  it.each([
    ["nothing", ""],
    ["a text without a signature", "said\n\n"],
    ["a signature without an empty line", "said\n— ours AAAAAAAA\n"],
    ["a signature that is cut off", theirs.slice(0, -1)],
    ["a signature that is too short for a key's id", "said\n\n— ours AAAA\n"],
    ["something else among its signatures", `${theirs}hello\n`],
    ["a signature without a name", theirs.replace("PeterNeumann ", "")],
    ["a name with a plus", theirs.replace("— PeterNeumann", "— Peter+Neumann")],
    ["an empty line behind its signatures", `${theirs}\n`],
    ["a hyphen where the dash belongs", theirs.replace("—", "-")],
    ["a signature in the other alphabet of base64", theirs.replace("x08go/", "x08go_")],
    ["lines that end as on Windows", theirs.replaceAll("\n", "\r\n")],
    ["a tab", theirs.replace(" ", "\t")],
    ["a NUL", theirs.replace("If", "\0If")],
    ["an escape that clears the screen", theirs.replace("If", "\u001b[2JIf")],
    ["nothing but a signature", "x— ours AAAAAAAA\n"],
    ["two signatures, of which the last is cut off", `${theirs}${theirs.split("\n").at(-2)}`],
    ["a key's id that signed nothing", "said\n\n— ours AAAAAA==\n"],
    ["something in front of a signature", theirs.replace("— ", "x— ")],
    ["something behind a signature", theirs.replace(/\n$/, " x\n")],
    ["half a character", theirs.replace("If", "\ud83d")],
  ])("is refused: %s", async (_, text) => {
    expect((await refusalOf(async () => parseNote(text))).code).toBe("InvalidInput")
  })

  it.each([
    ["a checkpoint without a size", "ours\n\nAAAA\n"],
    ["a size with a zero in front", `ours\n01\n${"A".repeat(43)}=\n`],
    ["a root that is too short", "ours\n1\nAAAA\n"],
    ["a note about something else", "hello\nworld\nagain\n"],
    ["no origin", `\n1\n${"A".repeat(43)}=\n`],
    ["a size with a sign", `ours\n+1\n${"A".repeat(43)}=\n`],
    ["a size that no number holds exactly", `ours\n9007199254740993\n${"A".repeat(43)}=\n`],
    ["a root with something within it", `ours\n1\nAAAA!${"A".repeat(39)}=\n`],
  ])("is no checkpoint: %s", async (_, text) => {
    expect((await refusalOf(async () => parseCheckpoint(signNote(text, [signer()])))).code).toBe("InvalidInput")
  })
})

describe("a checkpoint", () => {
  const checkpoint = { origin: "ours", size: 12, root: crypto.randomBytes(32) }

  it("is an origin, a number of events in decimal and a root in base64, each on its line, and may say more behind them", () => {
    const text = checkpointText(checkpoint)
    expect(text).toBe(`ours\n12\n${checkpoint.root.toString("base64")}\n`)
    for (const said of [text, `${text}more of it\n`]) {
      expect(parseCheckpoint(signNote(said, [signer()])).checkpoint).toEqual(checkpoint)
    }
    for (const size of [0, 7, 1_000, Number.MAX_SAFE_INTEGER])
      expect(parseCheckpoint(signNote(checkpointText({ ...checkpoint, size }), [signer()])).checkpoint.size).toBe(size)
  })

  it("is of a ledger that is named by its first leaf, once it has one", async () => {
    expect(originOf(Buffer.alloc(32, 0xab))).toBe(`fleet-ledger/${"ab".repeat(16)}`)
    const ledger = openSqliteLedger(":memory:")
    expect(await originIn(ledger)).toBeUndefined()
    await ledger.append(stream("target-1"), noStream, changes(3), "a")
    const [first] = await ledger.nodes([{ level: 0, index: 0 }])
    expect(await originIn(ledger)).toBe(originOf(first as Uint8Array))
    await ledger.close()
  })
})

/** The well-known key as one for another type of signature, its id made for that. */
function keyOfType(type: number): string {
  const typed = Buffer.from(peter.split("+")[2] ?? "", "base64")
  typed.writeUInt8(type)
  const id = crypto.createHash("sha256").update("PeterNeumann\n").update(typed).digest("hex").slice(0, 8)
  return `PeterNeumann+${id}+${typed.toString("base64")}`
}

describe("a verifier key", () => {
  it("is its name, four bytes of the hash of name, type and key, and type and key", () => {
    const { name, id, key } = parseVerifierKey(peter)
    expect([name, id.toString("hex")]).toEqual(["PeterNeumann", "c74f20a3"])
    expect([verifierKey(name, key).text, keyOfType(1)]).toEqual([peter, peter])
  })

  it("is read as it was written, spaces around it aside", () => {
    expect(parseVerifierKey(` ${peter}\n`).text).toBe(peter)
  })

  it.each([
    ["nothing", ""],
    ["a key of another kind", peter.replace("+AR", "+AB")],
    ["a key whose id is another's", peter.replace("c74f20a3", "c74f20a4")],
    ["a key under another name", peter.replace("Peter", "Petra")],
    ["a key that is too short", peter.slice(0, -8)],
    ["a key that is too long", `${peter}AAAA`],
    ["a key for another type of signature", keyOfType(2)],
    ["a key with an id in capitals", peter.replace("c74f20a3", "C74F20A3")],
    ["a key without a name", peter.replace("PeterNeumann", "")],
    ["a key with a space in its name", peter.replace("Peter", "Peter ")],
    ["a key with a line behind it", `${peter}\nmore`],
  ])("is refused: %s", async (_, text) => {
    expect((await refusalOf(async () => parseVerifierKey(text))).code).toBe("InvalidInput")
  })
})
