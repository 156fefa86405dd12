/** Telling channels of alerts: what is owed is written down as alerts are followed, and sent while somebody has it sent. */
import type { ChannelConfig } from "#config/channels.js"
import { type Clock, epochMs } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Delivery as Owing } from "#ops/deliveries.js"
import { type Sleep, sleep as sleepFor } from "#kernel/sleep.js"
import type { Ledger } from "#ledger/port.js"
import type { Handler } from "#subscriptions/handler.js"
import type { Channel } from "./channel.js"
import { compose } from "./compose.js"
import { type Judges, owing } from "./handler.js"
import { emailChannel } from "./email-channel.js"
import type { HttpPorts } from "./http.js"
import { httpChannel } from "./http-channel.js"
import { Lane } from "./lane.js"
import { type BackOff, type Outcome, defaultBackOff } from "./outcome.js"
import { type RemindingPorts, remind } from "./remind.js"
import { replay } from "./replay.js"
import { type Resolve, systemResolve } from "./resolve.js"
import { type Retried, retry } from "./retry.js"
import { testMessage } from "./test-message.js"

export interface DeliveryPorts {
  readonly ledger: Ledger
  readonly ops: RemindingPorts["ops"]
  readonly clock: Clock
  readonly channels: readonly ChannelConfig[]
  /** Where people reach this program. */
  readonly home: string
  readonly judges: Judges
  /** Whether it is this instance that delivers, now. */
  readonly isOurs: () => boolean
  readonly sleep?: Sleep
  readonly backOff?: BackOff
  readonly resolve?: Resolve
  /** Milliseconds for one attempt, instead of what is usual for each kind of channel. */
  readonly patienceMs?: number
}

export interface Delivering {
  /** Waits a bounded time for what is on its way. */
  stop(): Promise<void>
}

export interface Delivery {
  /** Writes down what is owed. None, where nobody is told. */
  readonly handlers: readonly Handler[]
  readonly channels: readonly ChannelConfig[]
  /** Sends a message that is about nothing, at once. @throws FleetError `NotFound` */
  test(channel: string, signal: AbortSignal): Promise<Outcome>
  /** Sends a message after all, which was given up or waits. @throws FleetError `NotFound` */
  retry(id: string): Promise<Retried>
  /** All of a channel that was given up. @throws FleetError `NotFound` */
  retryAll(channel: string): Promise<Retried>
  /** Tells a channel again what it was told from a position on. @returns how many events. @throws FleetError `NotFound` */
  replay(channel: string, from: Position): Promise<number>
  /** Has what is owed sent, from now on. @param failed hears of what could not be done for a reason of our own */
  start(failed: (error: unknown) => void): Delivering
}

const atOnce = 100
const patience = 15_000
/** Mail servers let those wait whom they do not know. */
const patienceWithMail = 60_000
const drainMs = 5_000

export async function openDelivery(ports: DeliveryPorts): Promise<Delivery> {
  const { ledger, ops, clock, channels, home, judges, isOurs } = ports
  const { sleep = sleepFor, backOff = defaultBackOff, resolve = systemResolve, patienceMs } = ports
  const { position: head } = await ledger.head()
  for (const part of [ops.outbox, ops.deliveries, ops.told]) await part.forgetBehind(head)
  for (const { name } of channels) {
    await ops.deliveries.enrol(name, head)
    await ops.deliveries.prune(name, epochMs(clock.now()))
  }
  let lanes: readonly Lane[] = []
  const wake = () => {
    for (const lane of lanes) lane.wake()
  }
  const reached: readonly Channel[] = channels.map((config) => channelOf(config, { resolve, clock }, patienceMs))
  const channelCalled = (name: string): Channel => {
    const found = reached.find(({ config }) => config.name === name)
    if (found !== undefined) return found
    const known =
      channels.length === 0 ? "none is configured" : `there are ${channels.map((one) => one.name).join(", ")}`
    throw new FleetError("NotFound", `no channel is called "${name.slice(0, 80)}"; ${known}`)
  }
  const again = async (delivery: Owing) => {
    channelCalled(delivery.channel)
    return retry({ ledger, ops, clock }, delivery)
  }
  return {
    channels,
    async test(name, signal) {
      const outcome = await channelCalled(name).send(testMessage(name, home, clock.now()), signal)
      if (outcome.is === "taken") {
        // Whoever has just mended it need not wait for the next attempt.
        await ops.deliveries.release(name)
        wake()
      }
      return outcome
    },
    async retry(id) {
      const retried = await again(await ops.deliveries.find(id))
      wake()
      return retried
    },
    async retryAll(name) {
      channelCalled(name)
      let [messages, over] = [0, 0]
      for (let after = { owedAt: 0, id: "" }; ;) {
        const page = await ops.deliveries.dead(after, atOnce, name)
        for (const delivery of page) {
          const retried = await again(delivery)
          messages += retried.messages
          over += retried.over
        }
        const last = page.at(-1)
        if (last === undefined) break
        after = last
      }
      wake()
      return { messages, over }
    },
    async replay(name, from) {
      const count = await replay({ ledger, ops, judges, clock }, channelCalled(name).config, from)
      wake()
      return count
    },
    handlers: channels.length === 0 ? [] : [owing({ ledger, ops, clock, channels, judges, wake })],
    start(failed) {
      const started = reached.map(
        (channel) =>
          new Lane(channel, {
            ops,
            remind: (config, now) => remind({ ledger, ops, judges, clock }, config, now),
            compose: (delivery, named) => compose(ledger, home, delivery, named),
            clock,
            sleep,
            backOff,
            isOurs,
            failed,
          }),
      )
      lanes = started
      return {
        async stop() {
          lanes = []
          await Promise.all(started.map((lane) => lane.stop(drainMs)))
        },
      }
    },
  }
}

function channelOf(config: ChannelConfig, ports: Omit<HttpPorts, "patienceMs">, patienceMs?: number): Channel {
  return config.kind === "email"
    ? emailChannel(config, { ...ports, patienceMs: patienceMs ?? patienceWithMail })
    : httpChannel(config, { ...ports, patienceMs: patienceMs ?? patience })
}
