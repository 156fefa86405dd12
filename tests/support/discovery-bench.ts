/** Runs of discovery over a real ledger, views and operational store: at a real source, or at one whose looks the test prepares. */
import * as path from "node:path"
import type { RecordedEvent } from "#events/catalog.js"
import { type Policy, defaultPolicy } from "#events/policy.js"
import type { Coverage } from "#events/source.js"
import type { Look, Observation, Source } from "#discovery/observation.js"
import { type DiscoveryPorts, type RunRequest, runDiscovery } from "#discovery/run.js"
import type { Position } from "#kernel/point.js"
import { type Ledger, noStream } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { openOps } from "#ops/ops.js"
import { Views } from "#projections/views.js"
import { Subscription } from "#subscriptions/subscription.js"
import { metadata, observedAt, stream } from "./sample-events.js"
import { tempFolder } from "./temp-folder.js"
import { TestClock } from "./test-clock.js"
import { whenFinished } from "./when-finished.js"

export const minute = 60_000
export const everywhere: Coverage["complete"] = { target: true, service: true }
export const nowhere: Coverage["complete"] = { target: false, service: false }

/** What a look at several machines says besides. */
interface More {
  readonly coverage?: Partial<Coverage>
  readonly hostKeysOffered?: ReadonlyMap<string, string>
}

/** A source that answers each look with the next of what the test has put there: what was seen, or the error. */
class Scripted implements Source {
  readonly name = "here"
  readonly kind = "scripted"
  looks = 0
  next: (signal: AbortSignal) => Promise<Look> = () => Promise.reject(new Error("no look is prepared"))

  async look(signal: AbortSignal): Promise<Look> {
    this.looks += 1
    return this.next(signal)
  }
}

/** @param folder where the stores are; one of its own unless given */
export async function discoveryBench(policy: Policy = defaultPolicy, folder?: string) {
  const place = folder ?? (await tempFolder())
  const clock = new TestClock()
  const ledger = openSqliteLedger(path.join(place, "ledger.db"), clock)
  const views = new Views(path.join(place, "views.db"))
  const ops = openOps(path.join(place, "ops.db"), clock)
  const following = new Subscription(ledger, views)
  whenFinished(async () => {
    await following.stop()
    views.close()
    ops.close()
    await ledger.close()
  })
  const adopted = { type: "PolicyAdopted", data: { policy }, metadata, observedAt } as const
  await ledger.append(stream("policy"), noStream, [adopted], "adopt")
  const reached = (position: Position) => following.reached(position, 10_000)
  const ports: DiscoveryPorts = {
    ledger,
    views,
    reached,
    ops,
    clock,
    version: "test",
    tellsApart: () => false,
    alone: (work) => work(),
  }
  const request = { actor: "user:ada", signal: new AbortController().signal }
  let known: Position = (await ledger.head()).position

  return {
    clock,
    ledger,
    views,
    ops,
    ports,
    request,
    /** Looks once, some minutes after the look before. */
    lookAt: async (source: Source, asked: Partial<RunRequest> = {}, using: Ledger = ledger) => {
      clock.advance(5 * minute)
      return runDiscovery(source, { ...ports, ledger: using }, { ...request, ...asked })
    },
    /** What was appended since this was last asked. */
    news: async (): Promise<readonly RecordedEvent[]> => {
      const events = await ledger.readAll({ after: known, limit: 1_000 })
      known = events.at(-1)?.position ?? known
      return events
    },
    document: async (id: string) => {
      const { position } = await ledger.head()
      await reached(position)
      const record = await views.inventory.record(id)
      return record === undefined ? undefined : views.inventory.document(record.no, position)
    },
  }
}

export async function workbench(policy: Policy = defaultPolicy) {
  const bench = await discoveryBench(policy)
  const source = new Scripted()
  return {
    ...bench,
    source,
    /** Prepares what the source sees from now on. */
    sees: (observations: readonly Observation[], complete = everywhere, rights = "root", more: More = {}): void => {
      const coverage = { rights, looked: {}, notLooked: {}, complete, ...more.coverage }
      const { hostKeysOffered = new Map() } = more
      source.next = async () => ({ observedAt: bench.clock.now(), observations, coverage, hostKeysOffered })
    },
    fails: (error: unknown): void => {
      source.next = async () => {
        throw error
      }
    },
    look: (using: Ledger = bench.ledger, asked: Partial<RunRequest> = {}) => bench.lookAt(source, asked, using),
  }
}
