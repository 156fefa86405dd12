/** The laws of src/discovery/identity: of judging pairs, and of making machines of judgements. */
import { type Evidence, type Trait, evidenceOf, keysOf } from "#discovery/identity/evidence.js"
import { type Pairs, type Targets, linksOf } from "#discovery/identity/group.js"
import { type Judgement, type Verdict, judge } from "#discovery/identity/judge.js"
import type { RecordId } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import { targetDocument } from "#events/facets/target.js"
import { arrived } from "#tests/support/arrivals.js"
import { anyDocument } from "#tests/support/random-history.js"
import { anyJson } from "#tests/support/any-json.js"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const strongTraits = ["smbios", "serial", "guest", "mac", "machine-id", "hostkey", "docker", "tailnet"] as const
const weakTraits = ["fqdn", "name", "address"] as const
const nothing = evidenceOf({})

/** Few values, so that two machines often have one in common. */
const anyValues = (trait: Trait) =>
  fc.uniqueArray(
    fc.constantFrom("1", "2", "3").map((value) => (trait === "hostkey" ? `ssh-ed25519 SHA256:${value}` : value)),
    { maxLength: trait === "mac" || trait === "address" ? 3 : 1 },
  )
const anyOf = (traits: readonly Trait[]) =>
  fc.record(Object.fromEntries(traits.map((trait) => [trait, anyValues(trait)])), { noNullPrototype: true })
const anyEvidence: fc.Arbitrary<Evidence> = fc
  .tuple(
    anyOf([...strongTraits, ...weakTraits]),
    fc.subarray(["metal", "virtual"], { maxLength: 1 }),
    fc.subarray(["machine", "lxc"], { maxLength: 1 }),
  )
  .map(([traits, hardware, system]) => ({ ...nothing, ...traits, hardware, system }))
const anyContext = fc.boolean().map((toldApart) => ({ toldApart }))
const anyTrait = fc.constantFrom(...strongTraits, ...weakTraits)

const added = (evidence: Evidence, trait: Trait, ...values: readonly string[]): Evidence => ({
  ...evidence,
  [trait]: [...evidence[trait], ...values],
})

describe("a judgement", () => {
  it("is the same whichever record comes first, and however often it is made", () => {
    fc.assert(
      fc.property(anyEvidence, anyEvidence, anyContext, (a, b, context) => {
        expect(judge(b, a, context)).toStrictEqual(judge(a, b, context))
      }),
    )
  })

  it("does not depend on the order in which a document has its members", () => {
    const reversed = (object: JsonObject): JsonObject =>
      Object.fromEntries(
        Object.entries(object)
          .reverse()
          .map(([key, value]) => [key, isPlain(value) ? reversed(value) : value]),
      )
    const isPlain = (value: unknown): value is JsonObject =>
      typeof value === "object" && value !== null && !Array.isArray(value)
    fc.assert(
      fc.property(anyDocument("target"), (document) => {
        expect(evidenceOf(reversed(document))).toStrictEqual(evidenceOf(document))
      }),
    )
  })

  it("gets no lower by what agrees", () => {
    fc.assert(
      fc.property(anyEvidence, anyEvidence, anyContext, anyTrait, (a, b, context, trait) => {
        const more = judge(added(a, trait, "agreed"), added(b, trait, "agreed"), context)
        expect(more.score).toBeGreaterThanOrEqual(judge(a, b, context).score)
      }),
      { numRuns: 500 },
    )
  })

  it("gets no higher by what contradicts", () => {
    fc.assert(
      fc.property(anyEvidence, anyEvidence, anyContext, anyTrait, (a, b, context, trait) => {
        const more = judge(added(a, trait, "one"), added(b, trait, "other"), context)
        expect(more.score).toBeLessThanOrEqual(judge(a, b, context).score)
      }),
      { numRuns: 500 },
    )
  })

  it("is never that they are the same by what is weak, or by one value alone but a UUID", () => {
    const anyWeak = anyOf(weakTraits).map((traits) => ({ ...nothing, ...traits }))
    fc.assert(
      fc.property(anyWeak, anyWeak, anyContext, (a, b, context) => {
        expect(judge(a, b, context).verdict).not.toBe("same")
      }),
    )
    for (const trait of strongTraits) {
      const one = added(nothing, trait, "one")
      expect(judge(one, one, { toldApart: false }).verdict).toBe(trait === "smbios" ? "same" : "doubtful")
    }
  })

  it("is never that they are the same if one look told them apart", () => {
    fc.assert(
      fc.property(anyEvidence, anyEvidence, (a, b) => {
        expect(judge(a, b, { toldApart: true }).verdict).toBe("different")
      }),
    )
  })

  it("is undecided of two records that say nothing", () => {
    expect(judge(nothing, nothing, { toldApart: false })).toStrictEqual({
      verdict: "doubtful",
      score: 0.5,
      reasons: [],
    })
  })
})

describe("junk", () => {
  const junkOf = (mac: string, uuid: string, serial: string, machineId: string, address: string, name: string) => ({
    identity: { machineId, smbiosUuid: uuid, name, hostname: name, dockerEngineId: "" },
    hardware: { serial },
    network: { interfaces: { "if:eth0": { mac, addresses: { [`ip:${address}/24`]: {} } } } },
  })
  const anyJunk = fc
    .tuple(
      fc.constantFrom(
        "00:00:00:00:00:00",
        "FF:FF:FF:FF:FF:FF",
        "00:00:5e:00:01:0a",
        "02:42:ac:11:00:02",
        "00-E0-4C-53-44-58",
        "fe:ff:ff:ff:ff:ff",
        "?",
      ),
      fc.constantFrom(
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE",
        "00000000-0000-0000-0000-000000000000",
        "Not Settable",
        "",
      ),
      fc.constantFrom(
        "Default string",
        "To be filled by O.E.M.",
        "Not Specified",
        "System Serial Number",
        "0",
        "123456789",
      ),
      fc.constantFrom("uninitialized", "", "0".repeat(32), "d41d8cd98f00b204e9800998ecf8427e", "not hex"),
      fc.constantFrom("127.0.0.1", "169.254.3.4", "172.17.0.1", "fe80::1", "::1", "0.0.0.0", "nonsense"),
      fc.constantFrom("localhost", "localhost.localdomain", "ubuntu", "raspberrypi", ""),
    )
    .map((values) => junkOf(...values))

  it("is no evidence, in whatever form it comes", () => {
    fc.assert(
      fc.property(anyJunk, (document) => {
        expect(evidenceOf(document)).toStrictEqual(nothing)
      }),
    )
  })

  it("on a host's bridges towards its containers is no evidence: neither what was made up there nor a guest's", () => {
    const bridge = { mac: "52:54:00:aa:bb:cc", addresses: { "ip:10.1.2.3/24": {} } }
    for (const name of ["virbr0", "br-0123456789ab", "docker0", "macvtap0", "veth1a2b"]) {
      expect(evidenceOf({ network: { interfaces: { [`if:${name}`]: bridge } } })).toStrictEqual(nothing)
    }
    expect(keysOf(evidenceOf({ network: { interfaces: { "if:eth0": bridge } } }))).toEqual(["mac:52:54:00:aa:bb:cc"])
  })

  it("of any kind does not throw", () => {
    const anyObject = fc.dictionary(fc.constantFrom("identity", "hardware", "network", "guest", "access"), anyJson)
    fc.assert(
      fc.property(anyObject, (document) => {
        expect(keysOf(evidenceOf(document))).toBeInstanceOf(Array)
      }),
    )
  })

  it("is not what a document of ours is made of: any that is valid can be read", () => {
    fc.assert(
      fc.property(anyDocument("target"), (document) => {
        const evidence = evidenceOf({ ...document, lifecycle: "observed" })
        expect(targetDocument.safeParse({ ...document, lifecycle: "observed" }).success).toBe(true)
        expect(judge(evidence, evidence, { toldApart: false }).reasons.every(({ side }) => side === "for")).toBe(true)
      }),
    )
  })
})

const record = (index: number) => `record-${String(index).padStart(2, "0")}` as RecordId

type Hand = "linked" | "separated" | undefined

const size = 7
const records = Array.from({ length: size }, (_, index) => record(index))
const triangle = (size * (size - 1)) / 2

/** Verdicts and hands of all pairs, as an upper triangle: of records 0 and 1, 0 and 2, 1 and 2, … */
function pairsOf(verdicts: readonly (Verdict | undefined)[], hands: readonly Hand[]): Pairs {
  const at = (a: RecordId, b: RecordId) => {
    const low = Math.min(records.indexOf(a), records.indexOf(b))
    const high = Math.max(records.indexOf(a), records.indexOf(b))
    return low === high ? -1 : (high * (high - 1)) / 2 + low
  }
  const judged = (a: RecordId, b: RecordId): Judgement | undefined => {
    const verdict = verdicts[at(a, b)]
    return verdict && { verdict, score: 0.5, reasons: [{ side: "for", what: "name", weight: 1 }] }
  }
  return { judged, byHand: (a, b) => hands[at(a, b)] }
}

const anyVerdict = fc.constantFrom<(Verdict | undefined)[]>("same", "same", "different", "doubtful", undefined)
const anyHand = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom("linked" as const, "separated" as const) },
)
const triangleOf = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: triangle, maxLength: triangle })
const anyPairs = fc
  .tuple(triangleOf(anyVerdict), triangleOf<Hand>(anyHand))
  .map(([verdicts, hands]) => pairsOf(verdicts, hands))
const anyOrder = fc.shuffledSubarray(records, { minLength: size })

const pairsIn = (members: readonly RecordId[]) =>
  members.flatMap((a, index) => members.slice(index + 1).map((b) => [a, b] as const))
const groupsOf = (targets: Targets) => [...targets.values()].map(String).sort()

describe("linking", () => {
  it("never joins again what a person separated, by whatever chain of evidence", () => {
    fc.assert(
      fc.property(anyPairs, anyOrder, (pairs, order) => {
        const joined = [...arrived(order, pairs).values()].flatMap(pairsIn)
        expect(joined.filter(([a, b]) => pairs.byHand(a, b) === "separated")).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it("never joins what is different, unless a person did", () => {
    const evidenceAlone = triangleOf(anyVerdict).map((verdicts) => pairsOf(verdicts, []))
    fc.assert(
      fc.property(evidenceAlone, anyOrder, (pairs, order) => {
        const joined = [...arrived(order, pairs).values()].flatMap(pairsIn)
        expect(joined.filter(([a, b]) => pairs.judged(a, b)?.verdict === "different")).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it("does what a person said, whatever the evidence", () => {
    fc.assert(
      fc.property(triangleOf(anyVerdict), anyOrder, (verdicts, order) => {
        const pairs = pairsOf(verdicts, ["linked"])
        const groups = [...arrived(order, pairs).values()]
        expect(groups.some((members) => members.includes(record(0)) && members.includes(record(1)))).toBe(true)
      }),
    )
  })

  it("gives the same machines in whatever order records come, where nothing is contradictory", () => {
    const machines = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: size, maxLength: size })
    fc.assert(
      fc.property(machines, triangleOf(fc.boolean()), anyOrder, anyOrder, (machineOf, seen, order, other) => {
        let pair = 0
        const verdicts = machineOf.flatMap((a, high) =>
          machineOf.slice(0, high).map((b): Verdict | undefined => {
            const isSeen = seen[pair++] === true
            return a === b ? (isSeen ? "same" : "doubtful") : isSeen ? "different" : undefined
          }),
        )
        const pairs = pairsOf(verdicts, [])
        expect(groupsOf(arrived(other, pairs))).toEqual(groupsOf(arrived(order, pairs)))
      }),
      { numRuns: 200 },
    )
  })

  it("says the same in whatever order targets are given, and nothing to be both linked and reviewed", () => {
    fc.assert(
      fc.property(anyPairs, anyOrder, (pairs, order) => {
        const targets = arrived(order.slice(1), pairs)
        const newcomer = order[0] as RecordId
        const linking = linksOf(newcomer, targets, pairs)
        expect(linksOf(newcomer, new Map([...targets].reverse()), pairs)).toStrictEqual(linking)
        const linked = new Set(linking.link.flatMap((target) => targets.get(target) ?? []))
        expect(linking.review.filter((other) => linked.has(other))).toEqual([])
        expect(linking.review.filter((other) => pairs.byHand(newcomer, other) !== undefined)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})
