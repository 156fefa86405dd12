/** The pages: the same operations as every other door, as HTML made on the server. They stand until a richer page takes their place. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { principalOf, sessionCookie } from "#api/access.js"
import { problemOf } from "#api/problem.js"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"
import type { Point } from "#kernel/point.js"
import type { Principal, Query } from "#operations/define.js"
import { history } from "#operations/history.js"
import { invoke } from "#operations/invoke.js"
import { operations } from "#operations/registry.js"
import { services } from "#operations/services.js"
import { show } from "#operations/show.js"
import { targets } from "#operations/targets.js"
import type { Change } from "#timeline/change.js"
import { docsContent } from "./docs-page.js"
import { html } from "#kernel/html.js"
import { type EntityAnswer, type ServiceRow, type TargetRow, entityContent, targetsTable } from "./inventory-pages.js"
import { type View, layout } from "./layout.js"
import { style } from "./style.js"

type Page = (request: FastifyRequest, ask: Ask) => Promise<View>
type Ask = <T>(operation: Query, input: Record<string, unknown>) => Promise<T & { readonly at: Point }>

export function addPages(app: FastifyInstance, fleet: Fleet): void {
  const secure = fleet.config.url.startsWith("https:") ? " Secure;" : ""

  app.get("/style.css", (_request, reply) => reply.type("text/css").send(style))

  app.get("/login", async (request, reply) => {
    const { code } = request.query as { code?: unknown }
    const session = typeof code === "string" ? await fleet.ops.tokens.redeem(code) : undefined
    if (session === undefined) {
      // Browsers may ask twice: whoever is signed in already gets where the link leads.
      if ((await principalOf(request.raw, fleet.ops.tokens)) !== undefined) return reply.redirect("/", 303)
      const content = html`<p>
        This link was used already, or is too old. Make a new one with <code>fleet-ledger login</code>.
      </p>`
      return send(reply.code(401), { title: "Sign in", path: "/", asked: undefined, content })
    }
    const cookie = `${sessionCookie}=${session.secret}; Path=/; HttpOnly; SameSite=Strict;${secure} Expires=${new Date(session.expiresAt).toUTCString()}`
    return reply.header("set-cookie", cookie).header("cache-control", "no-store").redirect("/", 303)
  })

  const page = (path: string, make: Page) =>
    app.get(path, async (request, reply) => {
      const { at } = request.query as { at?: unknown }
      const asked = typeof at === "string" && at !== "" ? at : undefined
      try {
        const principal = await principalOf(request.raw, fleet.ops.tokens)
        if (principal === undefined) return send(reply.code(401), signIn)
        return send(reply, await make(request, asker(fleet, principal, asked)))
      } catch (error) {
        const { status, detail } = problemOf(error)
        if (status >= 500) request.log.error({ err: error }, "a page failed")
        return send(reply.code(status), {
          title: "That did not work",
          path: pathOf(request),
          asked,
          content: html`<p>${detail}</p>`,
        })
      }
    })

  page("/", async (request, ask) => {
    const { at, items } = await ask<{ items: TargetRow[] }>(targets, {})
    const asked = askedOf(request)
    return { title: "Targets", path: "/", asked, point: at, content: targetsTable(items, asked) }
  })

  page("/entities/:entity", async (request, ask) => {
    const { entity } = request.params as { entity: string }
    const { facets } = request.query as { facets?: unknown }
    const answer = await ask<EntityAnswer>(show, { entity, ...(typeof facets === "string" ? { facets } : {}) })
    const changes = await ask<{ items: Change[] }>(history, { entity: answer.entity.id, limit: 50 })
    const isTarget = answer.entity.kind === "target"
    const running = isTarget ? (await ask<{ items: ServiceRow[] }>(services, { target: answer.entity.id })).items : []
    const asked = askedOf(request)
    const content = entityContent(answer, running, changes.items, asked)
    return { title: answer.entity.name, path: `/entities/${answer.entity.id}`, asked, point: answer.at, content }
  })

  page("/docs", async () => ({ title: "API", path: "/docs", asked: undefined, content: docsContent(operations) }))
}

const signIn: View = {
  title: "Sign in",
  path: "/",
  asked: undefined,
  content: html`<p>
    Open the link that <code>fleet-ledger serve</code> printed when it started, or make a new one with
    <code>fleet-ledger login</code>.
  </p>`,
}

function asker(fleet: Fleet, principal: Principal, asked: string | undefined): Ask {
  const call = { fleet, principal, signal: new AbortController().signal, progress: () => undefined }
  return async <T>(operation: Query, input: Record<string, unknown>) => {
    if (asked !== undefined && asked.length > 100)
      throw new FleetError("InvalidPoint", "that is no point in time: it is too long")
    return (await invoke(operation, call, asked === undefined ? input : { ...input, at: asked })) as T & {
      readonly at: Point
    }
  }
}

function askedOf(request: FastifyRequest): string | undefined {
  const { at } = request.query as { at?: unknown }
  return typeof at === "string" && at !== "" ? at : undefined
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "/"
}

function send(reply: FastifyReply, view: View): FastifyReply {
  return reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(layout(view))
}
