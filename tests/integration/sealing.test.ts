/** Sealing: when the ledger is signed, where that goes, and what is never signed. */
import * as fs from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as path from "node:path"
import { type Position, origin } from "#kernel/point.js"
import { parseVerifierKey } from "#ledger/proof/note.js"
import { verify } from "#ledger/proof/verify.js"
import { type Fleet, openFleet } from "#fleet.js"
import { asker } from "#tests/support/asker.js"
import { configIn, keyIn, open, populate } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { changes, stream } from "#tests/support/sample-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

const forever = new AbortController().signal

async function checkpointsIn({
  ledger,
}: Fleet): Promise<readonly { size: number; position: Position; note: string }[]> {
  const events = await ledger.readAll({ after: origin, types: ["LedgerCheckpointed"], limit: 1_000 })
  return events.flatMap((event) =>
    event.type === "LedgerCheckpointed" ? [{ ...event.data, position: event.position }] : [],
  )
}

const dataOf = (folder: string) => path.join(folder, "data")

describe("the ledger is sealed", () => {
  it("after so many events", async () => {
    const fleet = await open(await tempFolder(), "checkpoints: { events: 50 }")
    await populate(fleet, 60)
    await until(async () => (await checkpointsIn(fleet)).length > 0)
    expect((await checkpointsIn(fleet))[0]?.size).toBeGreaterThanOrEqual(50)
  })

  it("so long after the first event that is not", async () => {
    const fleet = await open(await tempFolder(), "checkpoints: { every: 1s }")
    await until(async () => (await checkpointsIn(fleet)).length > 0)
    expect((await checkpointsIn(fleet))[0]?.size).toBe(1)
  })

  it("when it is closed, and not again by whoever only looks at it", async () => {
    const folder = await tempFolder()
    for (const count of [1, 1, 1]) {
      const fleet = await open(folder)
      await fleet.close()
      const again = await open(folder)
      expect((await checkpointsIn(again)).length).toBe(count)
      await again.close()
    }
  })

  it("once by two who ask at the same time", async () => {
    const fleet = await open(await tempFolder())
    await populate(fleet, 3)
    const [one, two] = await Promise.all([fleet.sealing.now(), fleet.sealing.now()])
    expect(two).toEqual(one)
    expect(await checkpointsIn(fleet)).toHaveLength(1)
  })

  it("again where something came between a checkpoint and its event", async () => {
    const fleet = await open(await tempFolder())
    await populate(fleet, 3)
    const appends = Array.from({ length: 20 }, (_, n) =>
      fleet.ledger.append(stream(`target-${n}`), -1, changes(1), "x"),
    )
    const [first] = await Promise.all([fleet.sealing.now(), ...appends])
    const last = await fleet.sealing.now()
    expect(last.size).toBeGreaterThan(first.size)
    expect(last.size).toBe(last.position)
    const { wrong } = await verify(
      fleet.ledger,
      { key: await fleet.sealer.signer(), checkpoints: [] },
      () => {},
      forever,
    )
    expect(wrong).toBeNull()
  })
})

describe("a checkpoint", () => {
  it("is kept outside the ledger, as the note that is in it", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    const { note } = await fleet.sealing.now()
    const kept = (...place: string[]) => fs.readFileSync(path.join(...place), "utf8")
    const notes = path.join(dataOf(folder), "checkpoints")
    expect(kept(notes, "latest.note")).toBe(note)
    const month = fs.readdirSync(notes).find((name) => name.endsWith(".notes")) as string
    expect(kept(notes, month)).toContain(note)
    const remembered = fs.readdirSync(path.join(folder, "keys")).find((name) => name.endsWith(".note")) as string
    expect(kept(folder, "keys", remembered)).toBe(note)
  })

  it("is sent to a webhook, again until it is taken, in the order of the ledger", async () => {
    const taken: string[] = []
    let refusals = 2
    const server = http.createServer((request, response) => {
      let body = ""
      request.on("data", (chunk: Buffer) => (body += chunk.toString()))
      request.on("end", () => {
        const isRefused = refusals-- > 0
        if (!isRefused) taken.push(body)
        response.writeHead(isRefused ? 503 : 200).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const fleet = await open(await tempFolder(), `checkpoints: { webhook: "http://127.0.0.1:${port}/" }`)
    const first = await fleet.sealing.now()
    await populate(fleet, 1)
    const second = await fleet.sealing.now()
    await until(() => taken.length === 2)
    expect(taken).toEqual([first.note, second.note])
  })
})

describe("a checkpoint that cannot be kept outside", () => {
  it("is told of, and is in the ledger all the same, as are those behind it", async () => {
    const folder = await tempFolder()
    fs.mkdirSync(dataOf(folder))
    fs.writeFileSync(path.join(dataOf(folder), "checkpoints"), "in the way")
    const [sealed, failed]: [number[], unknown[]] = [[], []]
    const told = {
      sealed: ({ size }: { size: number }) => void sealed.push(size),
      failed: (error: unknown) => void failed.push(error),
      notAdopted: () => {},
    }
    const fleet = await openFleet(configIn(folder), new TestClock(), { told })
    onTestFinished(() => fleet.close())
    await fleet.sealing.now()
    await populate(fleet, 1)
    await fleet.sealing.now()
    expect(sealed).toEqual((await checkpointsIn(fleet)).map(({ size }) => size))
    expect([sealed.length, failed.length]).toEqual([2, 2])
  })
})

describe("the signing key", () => {
  it("is its owner's alone, and outside the data folder", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    await fleet.sealing.now()
    const key = keyIn(folder)
    expect(fs.statSync(key).mode & 0o777).toBe(0o600)
    expect(fs.readdirSync(dataOf(folder)).filter((file) => /key|pem/.test(file))).toEqual([])
  })

  it("is not used when others may read it", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    await fleet.sealing.now()
    fs.chmodSync(keyIn(folder), 0o640)
    await populate(fleet, 1)
    expect((await refusalOf(() => fleet.sealing.now())).message).toMatch(/chmod 600/)
  })

  it("hands over to another, which verifying follows from the first", async () => {
    const fleet = await open(await tempFolder())
    await populate(fleet, 2)
    const first = (await fleet.sealer.signer()).text
    await fleet.sealing.now()
    await fleet.sealer.rotate()
    await populate(fleet, 2, 5)
    await fleet.sealing.now()
    const second = (await fleet.sealer.signer()).text
    expect(second).not.toBe(first)
    const wrongWith = async (key: string) =>
      (await verify(fleet.ledger, { key: parseVerifierKey(key), checkpoints: [] }, () => {}, forever)).wrong?.message
    expect(await wrongWith(first)).toBeUndefined()
    expect(await wrongWith(second)).toMatch(/is not signed by the key/)
  })

  it("goes on after a rotation that ended before the new key had taken its place", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    await fleet.sealing.now()
    const key = keyIn(folder)
    const old = fs.readFileSync(key)
    await fleet.sealer.rotate()
    const next = fs.readFileSync(key)
    // As it was between the event and the replacement.
    fs.writeFileSync(key, old)
    fs.writeFileSync(`${key}.next`, next, { mode: 0o600 })
    for (const file of fs.readdirSync(path.join(folder, "keys"))) {
      if (file.includes(".old-")) fs.rmSync(path.join(folder, "keys", file))
    }
    await populate(fleet, 1)
    await fleet.sealing.now()
    expect(fs.readFileSync(key, "utf8")).toBe(next.toString())
  })

  it("that is made anew where it was lost signs nothing", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    await fleet.sealing.now()
    fs.rmSync(path.join(folder, "keys"), { recursive: true })
    await populate(fleet, 1)
    expect((await refusalOf(() => fleet.sealing.now())).code).toBe("LedgerForked")
    expect(await fleet.sealer.hasKey()).toBe(false)
  })

  it("is not called missing where it is not known whether it is here", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    await fleet.sealing.now()
    expect(await fleet.sealer.hasKey()).toBe(true)
    fs.chmodSync(keyIn(folder), 0o644)
    expect((await refusalOf(() => fleet.sealer.hasKey())).code).not.toBe("LedgerForked")
  })
})

describe("a verification that is asked for", () => {
  it("holds the ledger against what somebody kept, by the key that signed first", async () => {
    const folder = await tempFolder()
    const fleet = await open(folder)
    await populate(fleet, 3)
    const [{ note: checkpoint }, { text: key }] = [await fleet.sealing.now(), await fleet.sealer.signer()]
    const ask = asker<{ ok: boolean; checkpoints: number; wrong: { message: string } | null }>(fleet)
    const alone = await ask("verify")
    // The shell takes the last line end away.
    const held = await ask("verify", { checkpoint: checkpoint.trimEnd(), key })
    expect([alone.ok, held.ok, held.checkpoints]).toStrictEqual([true, true, alone.checkpoints + 1])
    await fleet.sealer.rotate()
    expect((await ask("verify")).ok).toBe(true)
    expect((await ask("verify", { checkpoint, key })).ok).toBe(true)
    const later = (await fleet.sealer.signer()).text
    expect(await ask("verify", { checkpoint, key: later })).toMatchObject({ ok: false })
    expect((await refusalOf(() => ask("verify", { key: "a key" }))).code).toBe("InvalidInput")
  })
})

describe("what was signed", () => {
  /** A ledger that was sealed and closed with so many machines more, in whose place an older copy was put since. */
  async function olderCopy(machines: number): Promise<Fleet> {
    const folder = await tempFolder()
    const [ledger, older] = [path.join(dataOf(folder), "ledger.db"), path.join(folder, "older.db")]
    await (await open(folder)).close()
    fs.copyFileSync(ledger, older)
    const longer = await open(folder)
    await populate(longer, machines)
    await longer.close()
    fs.copyFileSync(older, ledger)
    return open(folder)
  }

  it("is never signed smaller: an older copy put in place is noticed, and the ledger goes on unsealed", async () => {
    const fleet = await olderCopy(20)
    const before = await checkpointsIn(fleet)
    await populate(fleet, 1)
    expect(await refusalOf(() => fleet.sealing.now())).toMatchObject({
      code: "LedgerForked",
      message: expect.stringMatching(/"fleet-ledger restore" says so/),
    })
    expect(await checkpointsIn(fleet)).toEqual(before)
    await fleet.close()
    expect(fleet.sealing.problem()).toMatch(/tail is cut/)
  })

  it("is never signed otherwise: a fork that has grown as long is noticed", async () => {
    const fleet = await olderCopy(3)
    const before = await checkpointsIn(fleet)
    await populate(fleet, 30, 50)
    expect((await refusalOf(() => fleet.sealing.now())).message).toMatch(/not the ones that were signed/)
    expect(await checkpointsIn(fleet)).toEqual(before)
  })
})
