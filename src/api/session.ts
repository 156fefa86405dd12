/**
 * How a browser is let in: by the one-time link of `fleet-ledger login`, or with a token, which it sends once and then holds as a cookie that no script can
 * read. A token that is revoked or expires ends that too. Whoever comes is told how far the ledger is: to follow changes from there on, whatever is asked meanwhile.
 */
import type { FastifyInstance, FastifyReply } from "fastify"
import type { Fleet } from "#fleet.js"
import type { Principal } from "#operations/define.js"
import { cookieOf, mustBeKnown, principalOf, sessionCookie } from "./access.js"
import { sendPage } from "./page.js"

/** As long as a login's session lasts; who came with a token signs in again after it too. */
const cookieLifeSeconds = 12 * 3_600

export function addSession(app: FastifyInstance, fleet: Fleet): void {
  const { tokens } = fleet.ops
  const attributes = `Path=/; HttpOnly; SameSite=Strict;${fleet.config.url.startsWith("https:") ? " Secure;" : ""}`
  const greetingOf = async ({ name, scope }: Principal) => ({
    name,
    scope,
    position: (await fleet.ledger.head()).position,
  })
  const setCookie = (reply: FastifyReply, secret: string, seconds: number) =>
    reply
      .header("set-cookie", `${sessionCookie}=${secret}; ${attributes} Max-Age=${seconds}`)
      .header("cache-control", "no-store")

  // Whoever asks for its head alone, as what looks at links for others does, does not use it up.
  app.get("/login", { exposeHeadRoute: false }, async (request, reply) => {
    const { code } = request.query as { code?: unknown }
    const session = typeof code === "string" ? await tokens.redeem(code) : undefined
    if (session !== undefined) return setCookie(reply, session.secret, cookieLifeSeconds).redirect("/", 303)
    // Browsers may ask twice: whoever is signed in already gets where the link leads.
    if ((await principalOf(request.raw, tokens)) !== undefined) return reply.redirect("/", 303)
    return sendPage(reply.code(401))
  })

  app.get("/session", async (request, reply) => {
    const principal = mustBeKnown(await principalOf(request.raw, tokens))
    return reply.header("cache-control", "no-store").send(await greetingOf(principal))
  })

  app.post("/session", async (request, reply) => {
    const principal = mustBeKnown(await principalOf(request.raw, tokens))
    const secret = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1]
    return (secret === undefined ? reply : setCookie(reply, secret, cookieLifeSeconds)).send(
      await greetingOf(principal),
    )
  })

  app.delete("/session", async (request, reply) => {
    const secret = cookieOf(request.raw)
    if (secret !== undefined) await tokens.endSession(secret)
    return setCookie(reply, "", 0).code(204).send()
  })
}
