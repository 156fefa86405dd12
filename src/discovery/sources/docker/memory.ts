/**
 * What an engine said of containers and images at earlier looks. A list costs one question and says of each container since when it is in its
 * state: as long as it says the same, nothing has happened to it. `docker update` alone does not show there; the engine's events tell of
 * it, and without them everything is asked again after a quarter of an hour.
 */
import type { Json } from "#kernel/json.js"
import type { Reply } from "./engine.js"

const fresh = 900_000

interface Kept {
  readonly mark: string
  readonly askedAt: number
  readonly json: Json
}

export class Memory {
  /** Native keys under which containers that were to be removed at their end have been services. */
  readonly lasted = new Set<string>()
  #kept = new Map<string, Kept>()

  /** What is known of `id` under the same mark, else what is answered now. */
  async recall(id: string, mark: string, now: number, ask: () => Promise<Reply>): Promise<Reply> {
    const kept = this.#kept.get(id)
    if (kept?.mark === mark && Math.abs(now - kept.askedAt) < fresh) return kept
    const reply = await ask()
    if ("json" in reply) this.#kept.set(id, { mark, askedAt: now, json: reply.json })
    else this.#kept.delete(id)
    return reply
  }

  forget(id: string): void {
    this.#kept.delete(id)
  }

  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#kept.keys()) if (!ids.has(id)) this.#kept.delete(id)
  }
}
