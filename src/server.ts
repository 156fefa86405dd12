/** The process that owns a data folder: listens on TCP and on the folder's socket, looks at the sources when it is time, and ends cleanly. */
import * as fs from "node:fs"
import * as http from "node:http"
import type * as net from "node:net"
import type { FastifyBaseLogger } from "fastify"
import { keepDeadlines } from "#alerts/deadlines.js"
import { lagRule, watchLag } from "#alerts/lag.js"
import { keepRemoved } from "#alerts/removed.js"
import { cameOverSocket, localOwner } from "#api/access.js"
import { buildApi } from "#api/app.js"
import { answerMalformed } from "#api/malformed.js"
import { type CheckSchedule, scheduleChecks } from "#checks/schedule.js"
import type { LoadedConfig } from "#config/load.js"
import { type Schedule, schedule } from "#discovery/schedule.js"
import { systemClock } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import { type AutomaticRules, type AutomaticSnapshots, automaticSnapshots } from "#snapshots/automatic.js"
import { keepVerified } from "#sealing/keep-verified.js"
import { keepArchived } from "#sealing/archive.js"
import { type Told, openFleet } from "./fleet.js"
import { addressOf, reachedAt, readTls } from "./reached.js"
import { patiently } from "./waiting.js"

export interface Server {
  readonly url: string
  readonly loginUrl: string
  readonly socket: string
  readonly data: string
  close(): Promise<void>
}

/**
 * @param signal ends the waiting for a ledger that cannot be reached
 * @throws FleetError `InvalidConfig` for an address that is not loopback, `FolderInUse`, `AlreadyRunning` for a port that is taken, `Cancelled`
 */
export async function startServer(config: LoadedConfig, log: FastifyBaseLogger, signal: AbortSignal): Promise<Server> {
  const { host, port } = addressOf(config)
  const reached = reachedAt(config, port)
  const options = { tls: config.tls && readTls(config.tls), trustProxy: config.proxies }
  const told: Told = {
    sealed: ({ size, note }) => log.info({ size, note }, "the ledger was sealed"),
    failed: (error) => log.warn({ err: error }, "the ledger could not be sealed"),
    notAdopted: (error) => log.warn({ err: error }, "what is configured could not be adopted"),
  }
  const open = () => openFleet(config, systemClock, { told })
  // A file that cannot be opened now will not be otherwise in a moment.
  const isRemote = config.ledger.engine !== "sqlite"
  const fleet = await (isRemote ? patiently(open, (door) => listenOn(door, { host, port }), log, signal) : open())
  const app = await buildApi(fleet, reached, log, options)
  const { after, events } = config.retention.archive
  const archiving = keepArchived(
    fleet,
    { afterMs: after, leastEvents: events, isOurs: fleet.isWorker },
    {
      archived: ({ events: moved, bytes }) => log.info({ events: moved, bytes }, "events were archived"),
      failed: (error) => log.warn({ err: error }, "events could not be archived"),
    },
  )
  const verifying = keepVerified(
    fleet,
    { everyMs: config.checkpoints.verify, isOurs: fleet.isWorker },
    {
      verified: ({ events: all, wrong }) =>
        wrong === null
          ? log.info({ events: all }, "the ledger is sound")
          : log.error(wrong, "the ledger is not what was signed"),
      failed: (error) => log.warn({ err: error }, "the ledger could not be verified"),
    },
  )
  const delivering = fleet.delivery.start((error) => log.warn({ err: error }, "what is owed to channels waits"))
  const telling = keepDeadlines(fleet, { isOurs: fleet.isWorker }, (error) =>
    log.warn({ err: error }, "deadlines that have passed could not be told"),
  )
  const isLagTold = !config.alerts.without.includes(lagRule)
  const watching = watchLag(fleet, { isOurs: () => isLagTold && fleet.isWorker() }, (error) =>
    log.warn({ err: error }, "it could not be told who is behind"),
  )
  const ending = keepRemoved(fleet, { isOurs: fleet.isWorker }, (error) =>
    log.warn({ err: error }, "what is told of sources that are looked at no more could not be ended"),
  )
  let looking: Schedule | undefined
  let checking: CheckSchedule | undefined
  let taking: AutomaticSnapshots | undefined
  const close = async () => {
    await looking?.stop()
    await checking?.stop()
    await taking?.stop()
    await archiving.stop()
    await verifying.stop()
    await telling.stop()
    await watching.stop()
    await ending.stop()
    await delivering.stop()
    await app.close()
    await new Promise((resolve) => {
      socket.close(resolve)
      // Who follows would otherwise keep it open for ever.
      socket.closeAllConnections()
    })
    await fleet.close()
    for (const sentence of fleet.subscriptions.unfinished()) log.warn(sentence)
  }
  const socket = http
    .createServer((request, response) => {
      cameOverSocket(request)
      app.routing(request, response)
    })
    .on("clientError", answerMalformed)
  try {
    await app.listen({ host, port })
    await listenOnSocket(socket, fleet.folder.socket)
  } catch (error) {
    await close()
    throw error instanceof FleetError ? error : cannotListen(config.listen, error)
  }
  const keep: AutomaticRules["keep"] = (type) => config.retention.snapshots[type] ?? config.snapshots.keep
  taking = automaticSnapshots(fleet, { ...config.snapshots, keep, isOurs: fleet.isWorker }, (error) =>
    log.warn({ err: error }, "a snapshot could not be taken or ended"),
  )
  // The listeners are there before the first look, so that what it sees of this program is what every later look sees.
  const rules = {
    every: (source: string) => fleet.every(source) ?? config.discovery.every,
    // This machine is nobody else's to look at.
    isOurs: ({ kind }: { readonly kind: string }) => kind === "local" || fleet.isWorker(),
  }
  looking = schedule(fleet.discovery, rules, {
    finished: (report) => {
      if (report.outcome === "failed") log.warn(report, "a look failed")
      else if (report.changes > 0) log.info(report, "a look found changes")
    },
    broken: (source, message) => log.error({ source, message }, "a look could not be recorded"),
  })
  checking = scheduleChecks(
    fleet.checks,
    { isOurs: fleet.isWorker },
    {
      changed: ({ instance, status, detail }) =>
        log.info({ check: instance.check.name, about: instance.about?.id, status, detail }, "a check says otherwise"),
      broken: (check, message) => log.error({ check, message }, "a check could not be run"),
    },
  )
  const login = await fleet.ops.tokens.createLogin(localOwner().name)
  return {
    url: config.url,
    loginUrl: `${config.url}/login?code=${login.secret}`,
    socket: fleet.folder.socket,
    data: fleet.folder.path,
    close,
  }
}

function listenOn(server: http.Server, address: net.ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(address, resolve)
  })
}

function cannotListen(listen: string, error: unknown): FleetError {
  const choose = "choose another address with --listen"
  const options = { cause: error }
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
    return new FleetError("AlreadyRunning", `${listen} is taken by another program; ${choose}`, options)
  return new FleetError("InvalidConfig", `${listen} cannot be listened on: ${messageOf(error)}; ${choose}`, options)
}

/** A stale socket is ours to replace: we hold the folder's lock. */
async function listenOnSocket(server: http.Server, file: string): Promise<void> {
  fs.rmSync(file, { force: true })
  const mask = process.umask(0o177)
  try {
    await listenOn(server, { path: file })
  } catch (error) {
    throw new FleetError("StoreUnavailable", `the socket ${file} cannot be made: ${messageOf(error)}`, { cause: error })
  } finally {
    process.umask(mask)
  }
}
