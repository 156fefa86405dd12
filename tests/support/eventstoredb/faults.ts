/** What a test can make go wrong, by name, for every client, from now on and until `heal`. */
import { setTimeout } from "node:timers/promises"
import { Signal } from "#ledger/signal.js"
import type { Kind, OpenCall, OpenCalls } from "./calls.js"
import { type Endpoint, dropped, notLeader } from "./errors.js"

export class Faults {
  readonly #calls: OpenCalls
  readonly #healed = new Signal()
  readonly #silent = new Set<Kind>()
  readonly #dropAfter = new Map<Kind, number>()
  #latencyMs = 0
  #leader: Endpoint | undefined
  #losesNextAnswer = false
  #ignored = 0

  constructor(calls: OpenCalls) {
    this.#calls = calls
  }

  /**
   * Appends and reads are neither carried out nor answered, not even later. Subscriptions stay open and send nothing, neither events nor
   * checkpoints; they go on where they were when it is healed.
   */
  silence(...kinds: readonly Kind[]): void {
    for (const kind of kinds) this.#silent.add(kind)
  }

  /** Each answer to an append, and each message of a read or a subscription, takes so many milliseconds. An append is written before. */
  slow(latencyMs: number): void {
    this.#latencyMs = latencyMs
  }

  /** Each read or subscription is dropped when it has sent so many events. */
  dropAfter(events: number, ...kinds: readonly ("reads" | "subscriptions")[]): void {
    for (const kind of kinds) this.#dropAfter.set(kind, events)
  }

  /** Drops the open calls of these kinds, once. Batch appends are one call for as long as the client is connected. */
  drop(...kinds: readonly Kind[]): void {
    for (const kind of kinds) for (const call of this.#calls.of(kind)) call.end(dropped())
  }

  /** Ends the open subscriptions, as if all were told. */
  endSubscriptions(): void {
    for (const call of this.#calls.of("subscriptions")) call.end()
  }

  /** The next append is written, and its call dropped without an answer. The one after that works again. */
  commitThenDrop(): void {
    this.#losesNextAnswer = true
  }

  /**
   * Whoever appends, reads with `requiresLeader`, or asks for the cluster's members is sent to this one. A real follower passes on an append
   * without `requiresLeader` as long as it can.
   */
  followLeader(leader: Endpoint): void {
    this.#leader = leader
  }

  heal(): void {
    this.#silent.clear()
    this.#dropAfter.clear()
    this.#latencyMs = 0
    this.#leader = undefined
    this.#losesNextAnswer = false
    this.#healed.raise()
  }

  /** How many appends and reads have met with silence so far. */
  get ignored(): number {
    return this.#ignored
  }

  get leader(): Endpoint | undefined {
    return this.#leader
  }

  /** Whether this request is to be neither carried out nor answered. */
  ignores(kind: Kind): boolean {
    if (kind === "subscriptions" || !this.#silent.has(kind)) return false
    this.#ignored++
    return true
  }

  /** Before a request is carried out. Throws the refusal. */
  redirect({ kind, metadata }: OpenCall): void {
    const forLeader = kind === "appends" || metadata.get("requires-leader").includes("true")
    if (this.#leader !== undefined && forLeader) throw notLeader(this.#leader)
  }

  /** Between an append and its answer. */
  async answer(): Promise<void> {
    if (this.#losesNextAnswer) {
      this.#losesNextAnswer = false
      throw dropped()
    }
    await this.#latency()
  }

  /** Before a message of a read or a subscription. */
  async beforeMessage({ kind, over }: OpenCall): Promise<void> {
    if (kind === "subscriptions")
      while (this.#silent.has("subscriptions") && !over.aborted) await this.#healed.next(over)
    await this.#latency()
  }

  /** When a read or a subscription has sent so many events. */
  sent({ kind }: OpenCall, events: number): void {
    if (events >= (this.#dropAfter.get(kind) ?? Infinity)) throw dropped()
  }

  async #latency(): Promise<void> {
    if (this.#latencyMs > 0) await setTimeout(this.#latencyMs)
  }
}
