/** The HTTP door as an application, apart from listening: everything can be asked of it in a test without a port. */
import compress from "@fastify/compress"
import helmet from "@fastify/helmet"
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, LogController } from "fastify"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"
import { operations } from "#operations/registry.js"
import { type Reached, checkOrigin } from "./access.js"
import { addBatch } from "./batch.js"
import { addHealth } from "./health.js"
import { addIntake } from "./intake.js"
import { Jobs } from "./jobs.js"
import { openApi } from "./openapi.js"
import { addLimits } from "./limits.js"
import { answerMalformed } from "./malformed.js"
import { addMcp } from "./mcp.js"
import { addMetrics } from "./metrics.js"
import { addPage, isForPage, sendPage } from "./page.js"
import { problemOf, sendProblem } from "./problem.js"
import { addRoutes, longestBodyMs } from "./routes.js"
import { addSession } from "./session.js"

export interface Tls {
  readonly key: Buffer
  readonly cert: Buffer
}

export interface ApiOptions {
  readonly tls?: Tls | undefined
  /** Addresses and networks whose word for who asks is taken. */
  readonly trustProxy?: string[] | undefined
}

let described: string | undefined

/** Made when first asked for: few do, and a server is to listen soon. */
function description(): string {
  described ??= JSON.stringify(openApi(operations))
  return described
}

export async function buildApi(
  fleet: Fleet,
  reached: Reached,
  log: FastifyBaseLogger,
  { tls, trustProxy }: ApiOptions = {},
): Promise<FastifyInstance> {
  const jobs = new Jobs()
  const app = fastify({
    // Who names no host is told so below.
    ...(tls ? { https: { ...tls, requireHostHeader: false } } : { http: { requireHostHeader: false } }),
    ...(trustProxy && { trustProxy }),
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1_000_000,
    // Fastify waits for ever.
    requestTimeout: longestBodyMs,
    routerOptions: { maxParamLength: 10_000 },
    forceCloseConnections: true,
    // What is refused before there is a route: an address that is no address, or too long.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply as FastifyReply, error),
    clientErrorHandler: answerMalformed,
  }) as FastifyInstance
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    strictTransportSecurity: false,
  })
  // Streams go around it: what is compressed comes late.
  await app.register(compress, { threshold: 1_024, encodings: ["br", "gzip"], requestEncodings: ["identity"] })
  // A browser may send text without asking first; nothing here takes it.
  app.removeContentTypeParser("text/plain")
  app.addHook("onRequest", async (request) => checkOrigin(request.raw, reached))
  app.setErrorHandler((error, request, reply) => {
    if (problemOf(error).status >= 500)
      request.log.error({ err: error, url: request.routeOptions.url }, "a request failed")
    return sendProblem(reply, error)
  })
  app.setNotFoundHandler((request, reply) => {
    if (isForPage(request)) return sendPage(reply)
    const what = `${request.method} ${request.url.slice(0, 200)}`
    return sendProblem(
      reply,
      new FleetError("NotFound", `there is nothing at ${what}; /openapi.json lists what there is`),
    )
  })
  const countAnother = await addLimits(app, fleet, fleet.config.access.requestsPerSecond)
  app.get("/openapi.json", (_request, reply) => reply.type("application/json").send(description()))
  addHealth(app, fleet)
  addMetrics(app, fleet)
  addRoutes(app, operations, fleet, jobs)
  addBatch(app, operations, fleet, countAnother)
  addIntake(app, fleet)
  addMcp(app, fleet)
  addSession(app, fleet)
  await addPage(app)
  app.addHook("onClose", async () => jobs.cancelAll())
  return app
}
