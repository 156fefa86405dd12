/** A text that is redacted is nowhere any more: not in the ledger, not in what was made of it. Everything else is, and is proved as before. */
import { FleetError } from "#kernel/errors.js"
import * as fs from "node:fs"
import * as path from "node:path"
import type { NewEvent } from "#events/catalog.js"
import type { Fleet } from "#fleet.js"
import { type Position, origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { parseVerifierKey } from "#ledger/proof/note.js"
import { verify } from "#ledger/proof/verify.js"
import { redactText } from "#ledger/redaction.js"
import { invoke } from "#operations/invoke.js"
import { redact } from "#operations/redact.js"
import { idOf, open, populate } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { metadata, observedAt, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it } from "vitest"

const forever = new AbortController().signal
const secret = "hunter2/ü~\"'\\"

/** A machine with the secret in a value, in a name and in the paths of patches. */
async function withSecret(): Promise<{ folder: string; fleet: Fleet }> {
  const folder = await tempFolder()
  const fleet = await open(folder)
  await populate(fleet, 3)
  const key = `/packages/pkg:${secret.replaceAll("~", "~0").replaceAll("/", "~1")}`
  const patches = [
    [{ op: "add", path: key, value: { version: `1-${secret}` } }],
    [
      { op: "test", path: `${key}/version`, value: `1-${secret}` },
      { op: "replace", path: `${key}/version`, value: "2" },
    ],
  ]
  const events = patches.map(
    (patch) => ({ type: "TargetChanged", data: { facet: "packages", patch }, metadata, observedAt }) as NewEvent,
  )
  await fleet.ledger.append(stream(`target-${idOf(1)}`), 1, events, "secret")
  await fleet.reached((await fleet.ledger.head()).position)
  await fleet.sealing.now()
  return { folder, fleet }
}

function redacting(fleet: Fleet, text: string, reason = "a password in a package's name") {
  const principal = { name: "user:alice", scope: "admin" } as const
  return invoke(redact, { fleet, principal, signal: forever, progress: () => {} }, { text, reason })
}

const filesWith = (folder: string, text: string) =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => fs.statSync(path.join(folder, file)).isFile())
    .filter((file) => fs.readFileSync(path.join(folder, file), "latin1").includes(Buffer.from(text).toString("latin1")))

describe("a text that is redacted", () => {
  it("is in no file any more, and masked the same way in every version", async () => {
    const { folder, fleet } = await withSecret()
    expect(filesWith(folder, "hunter2")).not.toStrictEqual([])
    const answer = (await redacting(fleet, secret)) as { payloads: number; mask: string; position: Position }
    expect(answer).toMatchObject({ payloads: 2, envelopes: [], mask: `[redacted ${answer.position}]` })
    expect(filesWith(folder, "hunter2")).toStrictEqual([])
    const patches = await fleet.ledger.readStream(stream(`target-${idOf(1)}`), { from: 2, limit: 2 })
    const key = `/packages/pkg:${answer.mask}`
    expect(patches.map(({ data }) => ("patch" in data ? data.patch : undefined))).toStrictEqual([
      [{ op: "add", path: key, value: { version: `1-${answer.mask}` } }],
      [
        { op: "test", path: `${key}/version`, value: `1-${answer.mask}` },
        { op: "replace", path: `${key}/version`, value: "2" },
      ],
    ])
  })

  it("leaves views that show the mask, at every point", async () => {
    const { fleet } = await withSecret()
    const { mask } = (await redacting(fleet, secret)) as { mask: string }
    const head = (await fleet.ledger.head()).position
    await fleet.reached(head)
    const [event] = await fleet.ledger.readStream(stream(`target-${idOf(1)}`), { from: 2, limit: 1 })
    const no = (await fleet.views.inventory.record(idOf(1)))?.no as number
    const shown = async (at: Position) => JSON.stringify(await fleet.views.inventory.document(no, at))
    expect(await shown(event?.position as Position)).toContain(`"pkg:${mask}":{"version":"1-${mask}"}`)
    expect(await shown(head)).toContain(`"pkg:${mask}":{"version":"2"}`)
  })

  it("leaves every proof as it was, says who did it and why, and is sealed", async () => {
    const { fleet } = await withSecret()
    const kept = (await fleet.sealing.now()).note
    const { position } = (await redacting(fleet, secret)) as { position: Position }
    const [event] = await fleet.ledger.readAt([position])
    expect(event).toMatchObject({ type: "DataRedacted", metadata: { actor: "user:alice", reason: /password/ } })
    const key = parseVerifierKey((await fleet.sealer.signer()).text)
    const verdict = await verify(fleet.ledger, { key, checkpoints: [{ where: "kept", note: kept }] }, () => {}, forever)
    expect(verdict).toMatchObject({ wrong: null, redacted: 2, events: position + 2 })
  })

  it("is not what a verification finds wrong that was under way", async () => {
    const { fleet } = await withSecret()
    let asked = 0
    const head = async () => {
      const before = await fleet.ledger.head()
      if (asked++ === 0) await redacting(fleet, secret)
      return before
    }
    const ledger = Object.create(fleet.ledger, { head: { value: head } }) as Ledger
    const verdict = await verify(ledger, { checkpoints: [] }, () => {}, forever)
    expect(verdict).toMatchObject({ wrong: null, redacted: 2 })
  })

  it("is not shown by views that were left from before, when the process ended in between", async () => {
    const { folder, fleet } = await withSecret()
    const data = path.join(folder, "data")
    await fleet.close()
    fs.copyFileSync(path.join(data, "views.db"), path.join(folder, "old.db"))
    const again = await open(folder)
    await redacting(again, secret)
    await again.close()
    fs.renameSync(path.join(folder, "old.db"), path.join(data, "views.db"))
    const last = await open(folder)
    await last.reached((await last.ledger.head()).position)
    await last.close()
    expect(filesWith(folder, "hunter2")).toStrictEqual([])
  })

  it("is looked for from the first event to the last, and left as it was where that is cancelled", async () => {
    const { fleet } = await withSecret()
    const { position: head } = await fleet.ledger.head()
    const before = await fleet.ledger.readStored({ after: origin, limit: 1_000 })
    const about = { actor: "user:alice", reason: "a password" }
    const told: string[] = []
    const redactUnless = (signal: AbortSignal) =>
      redactText(fleet.ledger, secret, about, fleet.clock, (...how) => told.push(how.join(" of ")), signal)
    const { code, message } = await refusalOf(() => redactUnless(AbortSignal.abort()))
    expect([code, message, told]).toStrictEqual(["Cancelled", "the redaction was cancelled", []])
    expect(await fleet.ledger.readStored({ after: origin, limit: 1_000 })).toStrictEqual(before)
    await redactUnless(forever)
    // And what was recorded meanwhile: the account of it.
    expect(told).toStrictEqual([`${head + 1} of ${head + 1}`, `${head + 2} of ${head + 2}`])
  })

  it("is said to stay where it is in an envelope, which nothing can take away", async () => {
    const { fleet } = await withSecret()
    await redacting(fleet, secret, "hunter2/ is the secret")
    const answer = await redacting(fleet, "secret~", "again").catch((error: unknown) => error)
    expect(answer).toMatchObject({ code: "NotFound", message: "no payload holds this text" })
    expect((await refusalOf(() => redacting(fleet, "hunter2/"))).message).toMatch(
      /^no payload holds this text; the envelope at position \d+ does, where it cannot be taken away$/,
    )
  })

  it.each([
    ["is nowhere", "nowhere to be found", "NotFound", /^no payload holds this text$/],
    [
      "an event cannot do without",
      "observed",
      "InvalidInput",
      /^the \w+ at position \d+ holds this text where it cannot be masked; nothing was redacted/,
    ],
    ["is too short", "abc", "InvalidInput", /text/],
  ])("is refused, and nothing is changed, when it %s", async (_, text, code, words) => {
    const { fleet } = await withSecret()
    const before = await fleet.ledger.readStored({ after: origin, limit: 1_000 })
    const error = await refusalOf(() => redacting(fleet, text))
    expect([error.code, error.message]).toStrictEqual([code, expect.stringMatching(words)])
    expect(await fleet.ledger.readStored({ after: origin, limit: 1_000 })).toStrictEqual(before)
  })

  it("is tried once where it cannot be taken away", async () => {
    const { fleet } = await withSecret()
    let tried = 0
    const full = new Proxy(fleet.ledger, {
      get(ledger, name) {
        if (name !== "redact") return Reflect.get(ledger, name).bind?.(ledger) ?? Reflect.get(ledger, name)
        return async () => {
          tried += 1
          throw new FleetError("StoreUnavailable", "the disk is full")
        }
      },
    })
    const about = { actor: "user:alice", reason: "a password" }
    const error = await refusalOf(() => redactText(full, secret, about, fleet.clock, () => {}, forever))
    expect([error.message, tried]).toStrictEqual(["the disk is full", 1])
  })

  it("goes on behind a checkpoint that is signed meanwhile, and not for ever", async () => {
    const { fleet } = await withSecret()
    let signed = 0
    const racing = (times: number) =>
      new Proxy(fleet.ledger, {
        get(ledger, name) {
          if (name !== "redact") return Reflect.get(ledger, name).bind?.(ledger) ?? Reflect.get(ledger, name)
          return async (...args: Parameters<typeof ledger.redact>) => {
            if (signed++ < times) {
              await populate(fleet, 1, 100 + signed)
              await fleet.sealing.now()
            }
            return ledger.redact(...args)
          }
        },
      })
    const about = { actor: "user:alice", reason: "a password" }
    const attempt = (times: number) => redactText(racing(times), secret, about, fleet.clock, () => {}, forever)
    expect((await refusalOf(() => attempt(1_000))).code).toBe("RevisionConflict")
    expect(signed).toBe(5)
    signed = 0
    expect(await attempt(1)).toMatchObject({ payloads: 2 })
  })
})
