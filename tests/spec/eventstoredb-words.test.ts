/** What is written and what is answered, between us and EventStoreDB, in words that a person understands. */
import type { JsonObject } from "#kernel/json.js"
import { hostsOf, parseAddress } from "#ledger/eventstoredb/address.js"
import { type ClusterEvent, bytesOf, incoming, outgoing } from "#ledger/eventstoredb/envelope.js"
import { inOurWords, isAnswer } from "#ledger/eventstoredb/errors.js"
import { FleetError } from "#kernel/errors.js"
import {
  AccessDeniedError,
  DeadlineExceededError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  UnavailableError,
} from "@eventstore/db-client"
import { canonicalJson } from "#kernel/canonical-json.js"
import { stamped } from "#ledger/leaf.js"
import { changed, metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { refusalOf } from "#tests/support/refusal.js"
import { describe, expect, it } from "vitest"

describe("an address", () => {
  it("is hosts with ports, and settings by whatever case of their names", () => {
    const all =
      "esdb+discover://a.example,[::1]:2114?tls=false&TlsCaFile=/ca.pem&keepAliveInterval=5000&KEEPALIVETIMEOUT=100"
    expect(parseAddress(all)).toStrictEqual({
      hosts: [
        { address: "a.example", port: 2113 },
        { address: "[::1]", port: 2114 },
      ],
      discover: true,
      tls: false,
      caFile: "/ca.pem",
      keepAliveInterval: 5_000,
      keepAliveTimeout: 100,
    })
    expect(hostsOf(parseAddress(all))).toBe("a.example:2113, [::1]:2114")
    expect(parseAddress("kurrentdb://a?tlsVerifyCert=true")).toMatchObject({ tls: true, discover: false })
  })

  it.each([
    "esdb://ada:secret@a",
    "http://a",
    "esdb://",
    "esdb://a:0",
    "esdb://a:65536",
    "esdb://a b",
    "esdb://a?tls=perhaps",
    "esdb://a?tlsVerifyCert=false",
    "esdb://a?keepAliveInterval=soon",
    "esdb://a?keepAliveInterval=10s",
    "esdb://a?unknown=1",
  ])("is not %s, which is refused without saying any secret again", async (text) => {
    const { code, message } = await refusalOf(() => parseAddress(text))
    expect(code).toBe("InvalidConfig")
    expect(message).toMatch(/^the address of EventStoreDB is malformed: .+; it looks like esdb:\/\/host:2113, /)
    expect(message).not.toContain("secret")
  })
})

/** As the client makes it, of nothing but its message. */
const made = (kind: { readonly prototype: object }, message: string, more: object = {}) =>
  Object.defineProperties(Object.create(kind.prototype) as Error, {
    message: { value: message },
    ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, { value: value as unknown }])),
  })

describe("an error of the client's", () => {
  const peer = { where: "a:2113", user: "ada" }

  it.each<[string, Error, string]>([
    ["InvalidConfig", made(AccessDeniedError, "no"), 'refused the user "ada"'],
    [
      "SchemaViolation",
      made(MaxAppendSizeExceededError, "no", { maxAppendSize: 1_024 }),
      "no append of more than 1024 bytes",
    ],
    ["StoreDamaged", made(StreamDeletedError, "no"), "a stream of the ledger was deleted in EventStoreDB at a:2113"],
    ["StoreUnavailable", made(DeadlineExceededError, "no"), "did not answer in time"],
    ["StoreUnavailable", new Error("4 DEADLINE_EXCEEDED: Deadline exceeded after 1s"), "did not answer in time"],
    ["InvalidConfig", new Error("self-signed certificate in certificate chain"), "is not trusted"],
    [
      "StoreUnavailable",
      new Error("14 UNAVAILABLE: No connection established. Last error: Error: ECONNREFUSED"),
      "cannot be reached: ECONNREFUSED",
    ],
  ])("is %s: %s", (code, error, words) => {
    const told = inOurWords(error, peer)
    expect([told.code, told.message]).toStrictEqual([code, expect.stringContaining(words)])
    expect(told.cause).toBe(error)
  })

  it("that is ours already stays as it is, and one who was not named is asked for", () => {
    const ours = new FleetError("LedgerForked", "another")
    expect(inOurWords(ours, peer)).toBe(ours)
    expect(inOurWords(made(AccessDeniedError, "no"), { where: "a", user: undefined }).message).toMatch(
      /none are configured$/,
    )
  })

  it("is an answer where the server understood what it was asked", () => {
    const types = { type: "stream-deleted" }
    expect(isAnswer(made(StreamDeletedError, "gone", types))).toBe(true)
    expect(isAnswer(made(UnavailableError, "gone", types))).toBe(false)
    expect(isAnswer(new Error("anything"))).toBe(false)
  })
})

describe("an event of ours in the cluster", () => {
  const id = "00000000-0000-4000-8000-000000000000"
  const place = { commit: 2n, prepare: 1n }
  const data = canonicalJson(changed("ü").data)
  const head = (more: JsonObject = {}) =>
    canonicalJson({
      id,
      stream: "target-1",
      revision: 7,
      type: "TargetChanged",
      schemaVersion: 1,
      metadata,
      observedAt,
      recordedAt: observedAt,
      ...more,
    })

  /** As it comes from there. */
  function kept(text: string, seal: Parameters<typeof outgoing>[2], more: Partial<ClusterEvent> = {}): ClusterEvent {
    const { contentType: _, ...sent } = outgoing(text, data, seal)
    return { stream: "fleet_ledger.target-1", revision: 7, place, ...sent, ...more }
  }

  it.each([
    ["with its salt", head(), { salt: Buffer.alloc(16, 7) }],
    ["with the hash that a redaction left", head(), { dataHash: Buffer.alloc(32, 7) }],
    ["with when it happened", head({ occurredAt: observedAt }), { salt: Buffer.alloc(16, 7) }],
  ])("comes back byte for byte, %s", (_, text, seal) => {
    const back = incoming(kept(text, seal), stream("target-1"), place)
    expect([stamped(back.head, back.recordedAt), back.data, back.seal]).toStrictEqual([text, data, seal])
    expect(back).toMatchObject({ stream: "target-1", revision: 7, id, type: "TargetChanged", place })
  })

  it.each<[string, Partial<ClusterEvent>]>([
    ["no metadata", { metadata: undefined }],
    ["no seal", { metadata: { metadata, observedAt, recordedAt: observedAt, schemaVersion: 1 } }],
    [
      "a time that is none",
      { metadata: { metadata, observedAt: "soon", recordedAt: observedAt, schemaVersion: 1, salt: "AA==" } },
    ],
    [
      "a salt that is none",
      { metadata: { metadata, observedAt, recordedAt: observedAt, schemaVersion: 1, salt: "-" } },
    ],
    ["no version", { metadata: { metadata, observedAt, recordedAt: observedAt, schemaVersion: 0, salt: "AA==" } }],
    ["a text for its data", { data: "text" }],
    ["nothing for its data", { data: null }],
  ])("is none of ours with %s", async (_, more) => {
    const event = kept(head(), { salt: Buffer.alloc(16) }, more)
    const { code, message } = await refusalOf(() => incoming(event, stream("target-1"), place))
    expect([code, message]).toStrictEqual([
      "StoreDamaged",
      "event 7 of the stream fleet_ledger.target-1 in EventStoreDB was not written by fleet-ledger; only it may write to its streams",
    ])
  })

  it("counts as many bytes as it has, and two for each character of its type", () => {
    expect(bytesOf({ head: "é", data: "ab", type: "abc" })).toBe(2 + 2 + 6)
  })
})
