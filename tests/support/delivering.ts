/** A ledger of alerts that is followed, and what is owed of it delivered, by time in the test's hand; it can be closed and opened again. */
import * as path from "node:path"
import { type ChannelConfig, channels as channelsSchema } from "#config/channels.js"
import { type Delivery, type DeliveryPorts, openDelivery } from "#delivery/delivery.js"
import type { Ledger } from "#ledger/port.js"
import { openSqliteLedger } from "#ledger/sqlite/ledger.js"
import { type Ops, openOps } from "#ops/ops.js"
import { Views } from "#projections/views.js"
import { Subscription } from "#subscriptions/subscription.js"
import { type Subscriptions, openSubscriptions } from "#subscriptions/subscriptions.js"
import { tempFolder } from "./temp-folder.js"
import { VirtualTime } from "./virtual-time.js"
import { whenFinished } from "./when-finished.js"

export interface World {
  readonly time: VirtualTime
  readonly ledger: Ledger
  readonly ops: Ops
  readonly subscriptions: Subscriptions
  readonly delivery: Delivery
  /** What the lanes could not do for a reason of our own. */
  readonly troubles: unknown[]
  /** Whether the handler has come to the end, and nothing is owed any more. */
  isDone(): Promise<boolean>
  /** Messages that were given up. */
  dead(): ReturnType<Ops["deliveries"]["dead"]>
  close(): Promise<void>
}

type Given = Record<string, unknown>

export function channelsOf(given: readonly Given[]): readonly ChannelConfig[] {
  return channelsSchema.parse(given.map((channel, index) => ({ name: `c${index}`, kind: "webhook", ...channel })))
}

/** Back-off without chance in it. */
export const backOff = { random: () => 1, firstMs: 1_000, longestMs: 60_000 }

export async function deliveringIn(
  folder: string,
  given: readonly Given[],
  ports: Partial<DeliveryPorts> = {},
  time = new VirtualTime(),
): Promise<World> {
  const ledger = openSqliteLedger(path.join(folder, "ledger.db"), time)
  const ops = openOps(path.join(folder, "ops.db"), time)
  const folded = new Views(":memory:")
  const views = new Subscription(ledger, folded)
  const delivery = await openDelivery({
    ledger,
    ops,
    clock: time,
    sleep: time.sleep,
    channels: channelsOf(given),
    home: "http://fleet.test",
    judges: { isQuiet: async () => false },
    isOurs: () => true,
    backOff,
    ...ports,
  })
  const { handlers } = delivery
  const subscriptions = await openSubscriptions({ ledger, ops, clock: time, views: () => views, handlers })
  const troubles: unknown[] = []
  const sending = delivery.start((error) => troubles.push(error))
  let isOpen = true
  const close = async () => {
    if (!isOpen) return
    isOpen = false
    await sending.stop()
    await subscriptions.stop()
    await views.stop()
    folded.close()
    ops.close()
    await ledger.close()
  }
  whenFinished(close)
  return {
    time,
    ledger,
    ops,
    subscriptions,
    delivery,
    troubles,
    async isDone() {
      const { position } = await ledger.head()
      if (ops.checkpoints.of("delivery") < position) return false
      const messages = await ops.deliveries.counts()
      return (await ops.outbox.counts()).size === 0 && messages.every(({ state }) => state === "dead")
    },
    dead: () => ops.deliveries.dead({ owedAt: 0, id: "" }, 1_000),
    close,
  }
}

export async function delivering(given: readonly Given[], ports: Partial<DeliveryPorts> = {}): Promise<World> {
  return deliveringIn(await tempFolder(), given, ports)
}
