/** One event with its proof, as the page has it: what the browser works out of the bytes, and that nothing that was altered passes. */
import * as crypto from "node:crypto"
import { verify } from "#web/pages/event/verify.js"
import type { Claim } from "#web/pages/event/verify.js"
import { asker } from "#tests/support/asker.js"
import { open, populate } from "#tests/support/folder-fleet.js"
import { refusalOf } from "#tests/support/refusal.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it } from "vitest"

type Told = Omit<Claim, "position"> & { readonly change: unknown; readonly type: string }

async function sealed() {
  const fleet = await open(await tempFolder())
  await populate(fleet, 9)
  const ask = asker<Told>(fleet)
  await ask("proof checkpoint")
  const { position: head } = await fleet.ledger.head()
  const claimOf = async (position: number): Promise<Claim> => ({ ...(await ask("event", { position })), position })
  return { fleet, ask, head, claimOf }
}

describe("an event", () => {
  it("is verified by its own bytes, wherever in the ledger; the newest are not sealed yet", async () => {
    const { head, claimOf } = await sealed()
    for (let position = 0; position < head; position++)
      expect(await verify(await claimOf(position))).toEqual({ is: "verified", size: head })
    expect(await verify(await claimOf(head))).toEqual({ is: "unsealed" })
  })

  it("is told with what it changed; an account of the ledger's work changes nothing", async () => {
    const { ask, head } = await sealed()
    const types = []
    for (let position = 0; position <= head; position++) types.push(await ask("event", { position }))
    expect(types.find(({ type }) => type === "TargetChanged")?.change).toMatchObject({ type: "TargetChanged" })
    expect(types.at(-1)).toMatchObject({ type: "LedgerCheckpointed", change: null })
    expect((await refusalOf(() => ask("event", { position: head + 1 }))).code).toBe("NotFound")
  })

  it("is not what was signed, whatever of it was altered", async () => {
    const { claimOf, head } = await sealed()
    const claim = await claimOf(3)
    const { proof } = claim
    if (proof === null) throw new Error("it is not sealed")
    const other = crypto.randomBytes(32).toString("base64")
    const altered: Partial<Claim>[] = [
      { data: claim.data.replace("web", "wob") },
      { head: claim.head.replace("discovery", "nobody") },
      { salt: Buffer.alloc(16).toString("base64") },
      { position: 4 },
      { proof: { ...proof, path: proof.path.with(0, other) } },
      { proof: { ...proof, path: proof.path.slice(1) } },
      { proof: { ...proof, path: [...proof.path, other] } },
      { proof: { ...proof, size: head - 1 } },
      { proof: { ...proof, note: proof.note.replace(/^(\S+\n\d+\n)\S+/, `$1${other}`) } },
      { proof: { ...proof, note: proof.note.replace(/.(?=\n$)/, "A").replace(/ (\S)(\S{8})/, " $2$1") } },
      { proof: { ...proof, key: (await sealed().then(({ claimOf: of }) => of(3))).proof?.key ?? "" } },
    ]
    for (const change of altered)
      expect([change, (await verify({ ...claim, ...change })).is]).toEqual([change, "wrong"])
  })

  it("holds though its payload was redacted", async () => {
    const { ask, claimOf } = await sealed()
    await ask("redact", { text: "web-3", reason: "it should not be here" })
    await ask("proof checkpoint")
    const claims = await Promise.all(Array.from({ length: 18 }, (_, position) => claimOf(position)))
    expect(claims.some(({ salt }) => salt === null)).toBe(true)
    for (const claim of claims) expect((await verify(claim)).is).toBe("verified")
  })
})
