/** The reader of the collector's answers, against an encoder of its own and against anything else. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Material, type MaterialName, materialNames } from "#discovery/facts/material.js"
import { readAnswer } from "#discovery/sources/ssh/frames.js"
import { FleetError } from "#kernel/errors.js"

const token = "t0k3n"

const reason = fc.string({ minLength: 1, maxLength: 40 }).map((text) => text.replaceAll(/\p{Cc}/gu, " "))
const content = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(`\n#${token} end 1\n`, "\0", "\u001b[2J", "\n\n"),
)
const material: fc.Arbitrary<Material> = fc.oneof(
  fc.record({ text: content }),
  fc.record({ text: content, partial: reason }),
  fc.constant({ absent: true } as const),
  fc.record({ denied: reason }),
)
const answers = fc.dictionary(fc.constantFrom(...materialNames), material) as fc.Arbitrary<
  Partial<Record<MaterialName, Material>>
>

function encode(materials: Partial<Record<MaterialName, Material>>): Buffer {
  const frames = Object.entries(materials).map(([name, given]) => {
    if ("absent" in given) return `#${token} ${name} absent\n`
    if ("denied" in given) return `#${token} ${name} denied ${given.denied}\n`
    const length = Buffer.byteLength(given.text)
    const state = given.partial === undefined ? `text ${length}` : `partial ${length} ${given.partial}`
    return `#${token} ${name} ${state}\n${given.text}\n`
  })
  return Buffer.from([`#${token} begin root\n`, ...frames, `#${token} end ${frames.length + 1}\n`].join(""))
}

async function* inPieces(bytes: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const refused = { code: "SourceUnavailable", message: expect.stringMatching(/^the host's answer cannot be used: /) }

describe("the reader of answers", () => {
  it("reads what was framed, behind whatever a login shell says first", async () => {
    await fc.assert(
      fc.asyncProperty(answers, fc.uint8Array({ maxLength: 200 }), async (given, noise) => {
        const { materials, rights } = await readAnswer(inPieces(Buffer.concat([noise, encode(given)])), token)
        const unanswered = materialNames.filter((name) => !(name in given))
        expect(rights).toBe("root")
        expect(materials).toEqual({
          ...given,
          ...Object.fromEntries(unanswered.map((name) => [name, { denied: "the collector did not answer it" }])),
        })
      }),
    )
  })

  it("refuses any part of an answer, and anything after it", async () => {
    await fc.assert(
      fc.asyncProperty(answers, fc.nat(), async (given, length) => {
        const bytes = encode(given)
        await expect(readAnswer(inPieces(bytes.subarray(0, length % bytes.length)), token)).rejects.toMatchObject(
          refused,
        )
        await expect(readAnswer(inPieces(Buffer.concat([bytes, Buffer.of(0)])), token)).rejects.toMatchObject(refused)
      }),
    )
  })

  it("takes any change of any byte for an answer or refuses it, and never anything else", async () => {
    await fc.assert(
      fc.asyncProperty(answers, fc.nat(), fc.uint8Array({ maxLength: 5 }), async (given, at, other) => {
        const bytes = encode(given)
        bytes.set(other.subarray(0, bytes.length - (at % bytes.length)), at % bytes.length)
        const error: unknown = await readAnswer(inPieces(bytes), token).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(error === undefined || error instanceof FleetError).toBe(true)
      }),
    )
  })

  it.each([
    ["nothing", ""],
    ["another run's answer", `#other begin root\n#other end 1\n`],
    ["a material that there is not", `#${token} begin root\n#${token} secrets absent\n#${token} end 2\n`],
    ["one of JavaScript's own names", `#${token} begin root\n#${token} __proto__ absent\n#${token} end 2\n`],
    ["a material twice", `#${token} begin root\n#${token} kernel absent\n#${token} kernel absent\n#${token} end 3\n`],
    ["something known that is not", `#${token} begin root\n#${token} kernel same\n#${token} end 2\n`],
    ["a length beyond all bounds", `#${token} begin root\n#${token} kernel text 99999999\nx\n#${token} end 2\n`],
    ["fewer frames than it says", `#${token} begin root\n#${token} end 2\n`],
    ["rights that there are not", `#${token} begin everything\n#${token} end 1\n`],
    ["a line without end", `#${token} begin root\n#${token} kernel denied ${"x".repeat(2 ** 20)}`],
    ["noise without end", "x".repeat(2 ** 20)],
  ])("refuses %s", async (_, answer) => {
    await expect(readAnswer(inPieces(Buffer.from(answer), 2 ** 16), token)).rejects.toMatchObject(refused)
  })

  it("does not listen for ever", async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(2 ** 20, "x")
    }
    await expect(readAnswer(endless(), token)).rejects.toMatchObject(refused)
  })
})
