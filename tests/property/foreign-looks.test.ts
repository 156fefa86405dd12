/** Looks that come from collectors, damaged on their way or made by somebody who has a key: refused, or looks like any other. */
import {
  type Envelope,
  checkEnvelope,
  envelopeHeader,
  envelopeOf,
  headersOf,
  sha256,
  signatureHeader,
} from "#collecting/envelope.js"
import { intake } from "#collecting/intake.js"
import type { Sent } from "#collecting/wire.js"
import { coverage } from "#events/source.js"
import { serviceFacets } from "#events/facets/service.js"
import { stackFacets } from "#events/facets/stack.js"
import { targetFacets } from "#events/facets/target.js"
import type { Discovery } from "#discovery/discovery.js"
import type { Look, Source } from "#discovery/observation.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Json } from "#kernel/json.js"
import { changedJson, damaged, foreignRuns, orRefused } from "#tests/support/foreign.js"
import * as fc from "fast-check"
import * as crypto from "node:crypto"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"

const never = new AbortController().signal

const sample: Sent = {
  source: "racks",
  kind: "ssh",
  tellsApart: true,
  result: {
    is: "seen",
    observedAt: "2026-11-23T14:00:00.000Z",
    observations: [
      {
        kind: "target",
        nativeKey: "web-1",
        facets: {
          identity: { name: "web-1", hostname: "web-1" },
          os: { kernel: "6.1.0", name: null },
          packages: { "pkg:nginx": { version: "1.24" } },
        },
        resources: { cpu: "healthy", "fs:/": "warning" },
      },
      {
        kind: "service",
        nativeKey: "nginx",
        on: "web-1",
        facets: { identity: { name: "nginx" }, state: { status: "running" } },
      },
      { kind: "stack", nativeKey: "shop", on: "web-1", facets: { identity: { name: "shop" } } },
    ],
    coverage: {
      rights: "root",
      looked: { identity: true, os: true, packages: true, service: true },
      notLooked: { "/os/name": "nobody said" },
      complete: { target: true, service: false },
    },
    causes: [
      {
        kind: "target",
        nativeKey: "web-1",
        by: "alice",
        reason: "apt-get install nginx",
        at: "2026-11-23T13:00:00.000Z",
        entry: { log: "packages", after: { "pkg:nginx": "1.24", "pkg:apache2": null } },
      },
    ],
    hostKeysOffered: [["web-1", "ssh-ed25519 AAAA"]],
    missing: { asked: ["web-2"], why: [["web-3", "it is under another name"]] },
  },
}

const schemas = { target: targetFacets, service: serviceFacets, stack: stackFacets }

/** What every source has to keep to. */
function holds({ observations, coverage: reach, causes }: Look): void {
  for (const { kind, nativeKey, facets } of observations) {
    const known: Readonly<Record<string, { parse(value: unknown): unknown }>> = schemas[kind]
    for (const [facet, fields] of Object.entries(facets)) known[facet]?.parse(fields)
    expect(Object.keys(known)).toEqual(expect.arrayContaining(Object.keys(facets)))
    expect(nativeKey).not.toBe("")
    canonicalJson(facets)
  }
  coverage.parse(reach)
  for (const { did } of causes ?? []) did({ path: "/packages/pkg:nginx", before: null, after: { version: "1.24" } })
}

/** Takes a body that is signed, and says what the source that it became saw. */
async function taken(
  body: Buffer,
  about: Envelope = envelopeOf("site1", 1, body),
): Promise<{ name: string; look: Look }> {
  const sources: Source[] = []
  const discovery = { look: async (source: Source) => void sources.push(source) } as unknown as Discovery
  await intake({ discovery, collected: { last: async () => undefined, keep: async () => {} } })(about, body, never)
  const [source] = sources as [Source]
  const look = await source.look(never)
  await source.whyUnseen?.(["web-2", "__proto__", "toString"], never)
  return { name: source.name, look }
}

describe("a look that a collector signed", () => {
  it("whatever it says, keeps to what every look keeps to, under the collector's name, or is refused", async () => {
    const sound = await taken(gzipSync(JSON.stringify(sample)))
    expect([sound.name, sound.look.observations.length]).toStrictEqual(["site1.racks", 3])
    await fc.assert(
      fc.asyncProperty(changedJson([sample as unknown as Json]), async (value) => {
        const { name, look } = (await orRefused(() => taken(gzipSync(JSON.stringify(value))))) ?? sound
        expect(name).toMatch(/^site1\.[a-z0-9][a-z0-9._-]*$/u)
        holds(look)
      }),
      { numRuns: foreignRuns },
    )
  })

  it("is refused when it is no JSON, no gzip, or far more than it seems", async () => {
    const texts = damaged([JSON.stringify(sample)]).map((text) => gzipSync(text))
    const packed = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat()).map(([at, flip, cut]) => {
      const bytes = gzipSync(JSON.stringify(sample))
      bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ flip, at % bytes.length)
      return cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(texts, packed), async (body) => {
        const read = await orRefused(() => taken(body))
        if (read !== undefined) holds(read.look)
        expect(sha256(body)).toHaveLength(64)
      }),
      { numRuns: foreignRuns },
    )
    const bomb = gzipSync(Buffer.alloc(257 * 2 ** 20), { level: 1 })
    await expect(taken(bomb)).rejects.toMatchObject({ code: "InvalidInput" })
  })

  it("is what was signed, to the byte", async () => {
    const body = gzipSync(JSON.stringify(sample))
    const about = envelopeOf("site1", 1, body)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: body.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const other = Buffer.from(body)
        other.writeUInt8(other.readUInt8(at) ^ flip, at)
        expect(await orRefused(() => taken(other, about))).toBeUndefined()
        expect(await orRefused(() => taken(body.subarray(0, at), about))).toBeUndefined()
      }),
      { numRuns: foreignRuns },
    )
  })
})

describe("an envelope", () => {
  it("is the one that was signed, or refused", async () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519")
    const about = envelopeOf("site1", 7, Buffer.from("body"))
    const headers = headersOf(about, privateKey)
    const keyOf = (name: string) => (name === "site1" ? publicKey : undefined)
    expect(checkEnvelope(headers, keyOf)).toStrictEqual(about)
    const texts = [headers[envelopeHeader] ?? "", headers[signatureHeader] ?? ""]
    const forged = changedJson([about as unknown as Json]).map((value) =>
      Buffer.from(JSON.stringify(value)).toString("base64url"),
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged(texts), forged), fc.boolean(), async (text, isSignature) => {
        const given = { ...headers, [isSignature ? signatureHeader : envelopeHeader]: text }
        expect((await orRefused(() => checkEnvelope(given, keyOf))) ?? about).toStrictEqual(about)
      }),
      { numRuns: foreignRuns },
    )
  })
})
