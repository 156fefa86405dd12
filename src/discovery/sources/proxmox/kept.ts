/**
 * What stands in the same file as a guest's settings, snapshots and pending changes, is asked again only when the digest of that file is another one. A
 * digest covers all of it, and it comes with the settings: one question a look is enough for a guest of which nothing changes.
 */
import { instant } from "#kernel/clock.js"
import type { JsonObject } from "#kernel/json.js"
import { foreignLine, foreignNames, foreignText } from "../../facts/foreign.js"
import type { Client } from "./client.js"
import { type Page, page } from "./page.js"
import { pending, snapshots } from "./pages.js"

interface Answers {
  readonly digest: string
  readonly snapshots: Page<JsonObject>
  readonly pending: Page<JsonObject>
}

export class Kept {
  readonly #answers = new Map<string, Answers>()

  async of(client: Client, key: string, path: string, digest: string): Promise<Answers> {
    const known = this.#answers.get(key)
    if (digest !== "" && known?.digest === digest) return known
    const answers = {
      digest,
      snapshots: await page(client.get(`${path}/snapshot`, snapshots.transform(snapshotItems))),
      pending: await page(client.get(`${path}/pending`, pending.transform(pendingNames))),
    }
    if ("value" in answers.snapshots && "value" in answers.pending) this.#answers.set(key, answers)
    else this.#answers.delete(key)
    return answers
  }

  /** Forgets guests that are not there any more. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#answers.keys()) if (!keys.has(key)) this.#answers.delete(key)
  }
}

/** Without the guest as it is, which stands among them. */
function snapshotItems(
  all: readonly { name: string; parent?: string | null | undefined; snaptime?: number | null | undefined }[],
): JsonObject {
  const taken = all.filter(({ name }) => name !== "current")
  return Object.fromEntries(
    taken.map(({ name, parent, snaptime }) => [
      `snap:${foreignText(name)}`,
      { takenAt: timeOf(snaptime), parent: foreignLine(parent ?? "") },
    ]),
  )
}

function timeOf(seconds: number | null | undefined): string | null {
  return typeof seconds === "number" && seconds > 0 && seconds < 253_402_300_800 ? instant(seconds * 1_000) : null
}

/** Names only: a value may be a password. */
function pendingNames(all: readonly { key: string; pending?: unknown; delete?: unknown }[]): JsonObject {
  const waiting = all.filter((each) => each.pending !== undefined || each.delete !== undefined)
  return foreignNames(
    "key",
    waiting.map(({ key }) => key),
  )
}
