/** For whoever restarts, balances and alerts: alive is a process that answers, ready is one that answers with what is true now. No token is asked for. */
import type { FastifyInstance } from "fastify"
import type { Fleet } from "#fleet.js"
import { messageOf } from "#kernel/errors.js"

export function addHealth(app: FastifyInstance, fleet: Fleet): void {
  app.get("/livez", () => ({ alive: true }))
  app.get("/readyz", async (request, reply) => {
    const reasons = await unready(fleet)
    if (reasons.length > 0) request.log.warn({ reasons }, "not ready")
    const isVerbose = (request.query as { verbose?: unknown }).verbose !== undefined
    const ready = reasons.length === 0
    return reply
      .code(ready ? 200 : 503)
      .send({ ready, reasons, ...(isVerbose && { parts: await Promise.all(parts.map((part) => told(part, fleet))) }) })
  })
}

async function unready(fleet: Fleet): Promise<readonly string[]> {
  try {
    return await fleet.unready()
  } catch (error) {
    return [messageOf(error)]
  }
}

interface Part {
  readonly name: string
  /** @returns what to know of it; throws where it does not work */
  readonly look: (fleet: Fleet) => Promise<object>
}

/** What the process rests on, one by one. Handlers that lag or have stopped do not make answers wrong, and so do not make it unready. */
const parts: readonly Part[] = [
  { name: "ledger", look: async ({ ledger }) => ({ events: (await ledger.head()).position + 1 }) },
  {
    name: "views",
    async look(fleet) {
      const { position, state } = fleet.viewsState()
      if (state.is === "failed") throw new Error(state.message)
      return { state: state.is, lag: (await fleet.ledger.head()).position - position }
    },
  },
  { name: "ops", look: async ({ ops }) => ({ sources: (await ops.looks.all()).length }) },
  {
    name: "sealing",
    async look({ sealing, sealer }) {
      const problem = sealing.problem()
      if (problem !== undefined) throw new Error(problem)
      return { sealed: (await sealer.latest())?.size ?? 0 }
    },
  },
  {
    name: "handlers",
    async look({ subscriptions, isWorker }) {
      const handlers = (await subscriptions.list()).filter(({ kind }) => kind === "handler")
      const failed = handlers.find(({ state }) => state === "failed")
      if (failed !== undefined) throw new Error(`${failed.name}: ${failed.message}`)
      return { worker: isWorker(), lag: Math.max(0, ...handlers.map(({ lag }) => lag)) }
    },
  },
]

async function told({ name, look }: Part, fleet: Fleet): Promise<object> {
  try {
    return { name, ok: true, ...(await look(fleet)) }
  } catch (error) {
    return { name, ok: false, message: messageOf(error) }
  }
}
