/**
 * The composition root: opens a data folder, chooses engines and sources by configuration and puts the rooms together. Nothing else in the program
 * names an engine.
 */
import * as fs from "node:fs"
import pLimit from "p-limit"
import { checkCatalog } from "#events/catalog.js"
import { alerting } from "#alerts/handler.js"
import { isQuiet } from "#alerts/quiet.js"
import { type Checks, openChecks } from "#checks/checks.js"
import { type Intervals, intervalsOf } from "#config/intervals.js"
import { type LoadedConfig, placeIn } from "#config/load.js"
import { type Delivery, openDelivery } from "#delivery/delivery.js"
import { type Discovery, discovery } from "#discovery/discovery.js"
import { recordInterrupted } from "#discovery/interrupted.js"
import type { Source } from "#discovery/observation.js"
import type { Clock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { type Position, origin } from "#kernel/point.js"
import type { Ledger } from "#ledger/port.js"
import { type KeyFolder, keyFolder } from "#ledger/proof/key.js"
import { type SealedCheckpoint, Sealer } from "#ledger/proof/seal.js"
import { type Ops, openOps } from "#ops/ops.js"
import { Views, type ViewsReader } from "#projections/views.js"
import { writeCheckpoint } from "#sealing/checkpoint-files.js"
import { type Archive, archiver } from "#sealing/archive.js"
import { type Sealing, keepSealed } from "#sealing/keep-sealed.js"
import { checkpointWebhook } from "#sealing/webhook.js"
import type { Handler } from "#subscriptions/handler.js"
import { Subscription, type SubscriptionState } from "#subscriptions/subscription.js"
import { type Subscriptions, openSubscriptions } from "#subscriptions/subscriptions.js"
import { understood } from "#alerts/rules/own.js"
import { adopting } from "./adopting.js"
import { type Engine, openEngine } from "./engine.js"
import { sourceFor } from "./sources.js"
import { version } from "./version.js"
import { type Folder, type FolderLock, lockFolder, removeStore } from "./folder.js"

/** How long a read waits for the views to show what is in the ledger. */
const viewsPatienceMs = 60_000

/** Events that views may be behind and still be of use: a read waits for them. */
const readyLag = 10_000

export interface RebuildReport {
  readonly events: number
  readonly seconds: number
  /** Whether the views that were there held exactly the same rows. */
  readonly equal: boolean
}

/** What operations work on. */
export interface Fleet {
  readonly config: LoadedConfig
  /** How often each source is looked at. */
  readonly every: Intervals
  readonly clock: Clock
  readonly folder: Folder
  readonly ledger: Ledger
  readonly views: ViewsReader
  readonly ops: Ops
  readonly discovery: Discovery
  readonly checks: Checks
  readonly subscriptions: Subscriptions
  /** Who is told of alerts. */
  readonly delivery: Delivery
  readonly sealer: Sealer
  readonly sealing: Sealing
  readonly keys: KeyFolder
  /** Moves events up to a position into archives, as far as they are sealed and everybody has passed them. */
  readonly archive: Archive
  /** Of the instances that share the ledger, whether it is this one that does what one of them does. */
  readonly isWorker: () => boolean
  /** Resolves when the views show everything up to the position. @throws FleetError `ViewsBehind` */
  reached(position: Position): Promise<void>
  /** What keeps it from answering with what is true now, a sentence each. */
  unready(): Promise<readonly string[]>
  viewsState(): { readonly position: Position; readonly state: SubscriptionState; readonly edition: string }
  /** Builds all views anew from the ledger beside the present ones, then puts them in their place. */
  rebuild(progress: (done: number, total: number) => void, signal: AbortSignal): Promise<RebuildReport>
  close(): Promise<void>
}

/** Who hears of checkpoints, of those that could not be made or kept, and of what of the configuration could not be adopted when its turn came. */
export interface Told {
  readonly sealed: (checkpoint: SealedCheckpoint) => void
  readonly failed: (error: unknown) => void
  readonly notAdopted: (error: unknown) => void
}

const nobody: Told = { sealed: () => {}, failed: () => {}, notAdopted: () => {} }

export interface FleetOptions {
  /** What acts upon events, besides those that are configured. */
  readonly handlers?: readonly Handler[]
  readonly told?: Told
  /** Instead of those that are configured. */
  readonly sources?: readonly Source[]
  /** Whether what is wrong is told; it is, unless said otherwise. */
  readonly alerts?: boolean
}

/**
 * @throws FleetError `FolderInUse` when another process works on the folder
 */
export async function openFleet(config: LoadedConfig, clock: Clock, options: FleetOptions = {}): Promise<Fleet> {
  checkCatalog()
  const { folder, lock } = lockFolder(config.data)
  /** What was opened so far, last first. */
  const toClose: (() => unknown)[] = [() => lock.release()]
  try {
    const engine = await openEngine(config, folder, clock)
    toClose.unshift(() => engine.ledger.close())
    const { measurements, setAside } = config.retention
    const { looks, fiveMinutes, hours } = measurements
    const keeping = { looks, fiveMinutesMs: fiveMinutes, hoursMs: hours, setAsideMs: setAside }
    const ops = openOps(folder.ops, clock, keeping)
    toClose.unshift(() => ops.close())
    const views = await openViews(folder, engine.ledger)
    toClose.unshift(() => views.close())
    if (views.checkpoint() === origin) await ops.decided.forget()
    return await putTogether(config, clock, { folder, lock, engine, ops, views }, options)
  } catch (error) {
    for (const close of toClose) await close()
    throw error
  }
}

/** What there is of a fleet on disk, or on a cluster. */
interface Stores {
  readonly folder: Folder
  readonly lock: FolderLock
  readonly engine: Engine
  readonly ops: Ops
  readonly views: Views
}

async function putTogether(
  config: LoadedConfig,
  clock: Clock,
  { folder, lock, engine, ops, views: present }: Stores,
  { handlers = [], told = nobody, sources: given, alerts = true }: FleetOptions,
): Promise<Fleet> {
  const { ledger, worker, trouble } = engine
  let views = present
  let following = new Subscription(ledger, views)
  const adopted = await adopting({ ledger, clock }, config, worker, told.notAdopted)
  await recordInterrupted(ledger, ops, clock)
  const reached = (position: Position) => following.reached(position, viewsPatienceMs)
  // Handed out once, so that whoever holds it reads the present views even after a rebuild.
  const reader: ViewsReader = {
    get inventory() {
      return views.inventory
    },
    get entities() {
      return views.entities
    },
    get history() {
      return views.history
    },
    get identity() {
      return views.identity
    },
    get runs() {
      return views.runs
    },
    get policy() {
      return views.policy
    },
    get hostKeys() {
      return views.hostKeys
    },
    get snapshots() {
      return views.snapshots
    },
    get checks() {
      return views.checks
    },
    get baselines() {
      return views.baselines
    },
    get intents() {
      return views.intents
    },
    get alerts() {
      return views.alerts
    },
    get maintenance() {
      return views.maintenance
    },
  }
  const every = intervalsOf(config)
  const line = { ledger, views: reader, reached, ops, clock }
  const trusted = async () => views.hostKeys.trusted(views.checkpoint())
  const sources = given ?? (await Promise.all(config.sources.map((source) => sourceFor(source, { clock, trusted }))))
  const source = (name: string) => sources.find((each) => each.name === name)
  const checks = openChecks(config.checks, config.checking, { ...line, source })
  await checks.understood()
  await understood(config.alerts.rules, placeIn(config))
  const { webhook, folder: notes = folder.checkpoints, ...rules } = config.checkpoints
  const delivery = await openDelivery({
    ledger,
    ops,
    clock,
    channels: config.alerts.channels,
    home: config.url,
    judges: {
      async isQuiet({ stream, data: { about } }, point) {
        await reached(point.position)
        return isQuiet(reader, { id: stream.slice("alert-".length), about }, point)
      },
    },
    isOurs: worker.isWorker,
  })
  const acting = [
    ...handlers,
    ...(alerts ? [await alerting(config.alerts, every, line)] : []),
    ...(webhook === undefined ? [] : [checkpointWebhook(webhook)]),
    ...delivery.handlers,
  ]
  const subscriptions = await openSubscriptions({
    ledger,
    ops,
    clock,
    views: () => following,
    handlers: acting,
    worker,
  })
  const keys = keyFolder(config.keys)
  const sealer = new Sealer(ledger, keys, clock, (checkpoint) => {
    told.sealed(checkpoint)
    try {
      writeCheckpoint(notes, checkpoint, clock.now().slice(0, 7))
    } catch (error) {
      told.failed(error)
    }
  })
  const sealing = await keepSealed(
    ledger,
    sealer,
    { events: rules.events, everyMs: rules.every, idleMs: rules.idle, isOurs: worker.isWorker },
    told.failed,
  )

  const looking = discovery(sources, { ledger, views: reader, reached, ops, clock, version })

  const rebuildNow: Fleet["rebuild"] = async (progress, signal) => {
    const started = performance.now()
    const file = `${folder.views}.rebuild`
    removeStore(file)
    const { position: head } = await ledger.head()
    const fresh = new Views(file, { head, durable: false })
    try {
      let events = 0
      for await (const batch of ledger.subscribe(fresh.checkpoint(), signal)) {
        await fresh.handle(batch)
        events += batch.length
        progress(events, head + 1)
        if (fresh.checkpoint() >= head) break
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (signal.aborted) throw new FleetError("Cancelled", "the rebuild was cancelled; the present views stay")
      fresh.completed()
      // Views that had stopped at an event they could not handle are what is being mended: nothing to compare with.
      const comparable = following.state.is !== "failed"
      await following.stop()
      const { position: last } = await ledger.head()
      await catchUp(ledger, fresh, last)
      const equal = comparable && (await holdsTheSame(ledger, views, fresh))
      await ops.decided.forget()
      // From here on nobody gets a turn until there are views again.
      fresh.close()
      views.close()
      removeStore(folder.views)
      fs.renameSync(file, folder.views)
      views = new Views(folder.views)
      following = new Subscription(ledger, views)
      return { events, seconds: (performance.now() - started) / 1_000, equal }
    } catch (error) {
      fresh.close()
      removeStore(file)
      if (following.state.is === "stopped") following = new Subscription(ledger, views)
      throw error
    }
  }
  // Two at once would make them in the same file.
  const alone = pLimit(1)

  return {
    config,
    every,
    clock,
    folder,
    ledger,
    views: reader,
    ops,
    discovery: looking,
    checks,
    subscriptions,
    delivery,
    sealer,
    sealing,
    keys,
    archive: archiver(ledger, sealer, sealing, async () => {
      const followers = await subscriptions.list()
      // Where they are stays here: views know themselves by it.
      return (Math.min(views.checkpoint(), ...followers.map(({ position }) => position)) - 1) as Position
    }),
    isWorker: worker.isWorker,
    reached,
    async unready() {
      const { state } = following
      const lag = await following.lag()
      return [
        ...[trouble()].filter((sentence) => sentence !== undefined),
        ...(state.is === "failed" ? [`the views have stopped: ${state.message}`] : []),
        ...(lag > readyLag ? [`the views are ${lag} events behind`] : []),
      ]
    },
    viewsState: () => ({ position: views.checkpoint(), state: following.state, edition: views.edition }),
    rebuild: (progress, signal) => alone(() => rebuildNow(progress, signal)),
    async close() {
      await adopted.stop()
      await sealing.stop()
      await subscriptions.stop()
      await looking.close()
      await following.stop()
      views.close()
      ops.close()
      await ledger.close()
      lock.release()
    },
  }
}

/**
 * Views that are damaged, of another ledger (this one was restored from a backup) or may hold what was redacted since they were begun are no views of it: they
 * are built anew.
 */
async function openViews(folder: Folder, ledger: Ledger): Promise<Views> {
  const { position: head } = await ledger.head()
  try {
    const views = new Views(folder.views, { head })
    const redacted = await ledger.readAll({ after: views.madeUpon, types: ["DataRedacted"], limit: 1 })
    if (redacted.length === 0 && (await areOf(ledger, views))) return views
    views.close()
  } catch (error) {
    const isTold = error instanceof FleetError && ["StoreDamaged", "ArchiveUnavailable"].includes(error.code)
    if (!isTold) throw error
  }
  removeStore(folder.views)
  return new Views(folder.views, { head })
}

async function areOf(ledger: Ledger, views: Views): Promise<boolean> {
  if (views.checkpoint() === origin) return true
  const [event] = await ledger.readAt([views.checkpoint()])
  return event?.id === views.lastEvent()
}

/** Whether views that follow the same ledger hold equal rows. Damaged ones do not. */
async function holdsTheSame(ledger: Ledger, views: Views, fresh: Views): Promise<boolean> {
  try {
    await catchUp(ledger, views, fresh.checkpoint())
    return views.digest() === fresh.digest()
  } catch (error) {
    if (error instanceof FleetError && error.code === "StoreDamaged") return false
    throw error
  }
}

async function catchUp(ledger: Ledger, views: Views, upTo: Position): Promise<void> {
  while (views.checkpoint() < upTo) {
    await views.handle(await ledger.readAll({ after: views.checkpoint(), upTo, limit: 1_000 }))
  }
}
