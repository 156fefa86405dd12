/** Signed notes as C2SP's signed-note specification has them, held against a note that others signed. */
import * as crypto from "node:crypto"
import { isSignedBy, parseNote, parseVerifierKey, signNote, signerOf } from "#ledger/proof/note.js"
import { parseCheckpoint } from "#ledger/proof/checkpoint.js"
import { refusalOf } from "#tests/support/refusal.js"
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

  it("may be signed by several, in any order", () => {
    const [one, two, other] = [signer("one"), signer("two"), signer("other")]
    const note = parseNote(signNote("said\n", [one, two]))
    expect([one, two, other].map((key) => isSignedBy(note, key))).toEqual([true, true, false])
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
  ])("is refused: %s", async (_, text) => {
    expect((await refusalOf(async () => parseNote(text))).code).toBe("InvalidInput")
  })

  it.each([
    ["a checkpoint without a size", "ours\n\nAAAA\n"],
    ["a size with a zero in front", `ours\n01\n${"A".repeat(43)}=\n`],
    ["a root that is too short", "ours\n1\nAAAA\n"],
    ["a note about something else", "hello\nworld\nagain\n"],
  ])("is no checkpoint: %s", async (_, text) => {
    expect((await refusalOf(async () => parseCheckpoint(signNote(text, [signer()])))).code).toBe("InvalidInput")
  })
})

describe("a verifier key", () => {
  it("is read as it was written, spaces around it aside", () => {
    expect(parseVerifierKey(` ${peter}\n`).text).toBe(peter)
  })

  it.each([
    ["nothing", ""],
    ["a key of another kind", peter.replace("+AR", "+AB")],
    ["a key whose id is another's", peter.replace("c74f20a3", "c74f20a4")],
    ["a key under another name", peter.replace("Peter", "Petra")],
    ["a key that is too short", peter.slice(0, -8)],
  ])("is refused: %s", async (_, text) => {
    expect((await refusalOf(async () => parseVerifierKey(text))).code).toBe("InvalidInput")
  })
})
