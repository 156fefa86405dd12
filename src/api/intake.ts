/** Where collectors send what they saw. Their signature says who they are; it is checked before anything else is read. */
import type { FastifyInstance, FastifyRequest } from "fastify"
import type { KeyObject } from "node:crypto"
import { checkEnvelope, collectorKey, lookType } from "#collecting/envelope.js"
import { type Intake, intake } from "#collecting/intake.js"
import type { Fleet } from "#fleet.js"
import { FleetError } from "#kernel/errors.js"

/** Of a look, packed. */
const largest = 64 * 2 ** 20

/** @throws FleetError `InvalidConfig` for a collector's key that is none */
export function addIntake(app: FastifyInstance, fleet: Fleet): void {
  const keys = new Map(fleet.config.collectors.map(({ name, key }) => [name, collectorKey(name, key)]))
  const take = intake({ discovery: fleet.discovery, collected: fleet.ops.collected })
  const ended = new AbortController()
  app.addHook("onClose", async () => ended.abort())
  void app.register(async (scope) => addRoute(scope, keys, take, fleet, ended.signal))
}

function addRoute(
  scope: FastifyInstance,
  keys: ReadonlyMap<string, KeyObject>,
  take: Intake,
  fleet: Fleet,
  signal: AbortSignal,
): void {
  const envelopeOf = ({ headers }: FastifyRequest) => checkEnvelope(headers, (name) => keys.get(name))
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(lookType, { parseAs: "buffer", bodyLimit: largest }, (_request, body, done) =>
    done(null, body),
  )
  scope.addHook("onRequest", async (request) => {
    envelopeOf(request)
    if (!fleet.isWorker()) throw new FleetError("SourceUnavailable", "another instance takes looks now; ask it")
  })
  scope.post("/api/v1/intake", { bodyLimit: largest }, (request) =>
    take(envelopeOf(request), request.body as Buffer, signal),
  )
}
