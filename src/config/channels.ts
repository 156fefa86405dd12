/** Where alerts are told: what each kind of channel is configured with. */
import * as z from "zod"
import { alertSeverity } from "#events/alert.js"
import { duration, secret } from "./values.js"

/** What may be told of an alert. */
export const tellings = ["raised", "escalated", "acknowledged", "silenced", "resolved"] as const

const channelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "a name of lower-case letters, digits and '-', 40 at most")

const ofEveryChannel = {
  name: channelName,
  /** The least that it is told of. */
  severity: alertSeverity.default("warning"),
  /** What it is told of an alert. */
  tells: z.array(z.enum(tellings)).min(1).default(["raised", "escalated", "resolved"]),
  /** So long after an alert nothing of its rule may come for it to be told; what comes until then is told in the same message. */
  groupFor: z.union([z.literal("0s").transform(() => 0), duration]).prefault("2s"),
  /** Told again after so long, while nobody has taken it on. */
  repeat: duration.optional(),
  /** From which step of an escalation on it is told; 0: at once. */
  step: z.int().min(0).max(20).default(0),
  /** A message that could not be delivered for so long is set aside. */
  giveUpAfter: duration.prefault("3d"),
}

const cidr = z.union([z.cidrv4(), z.cidrv6()])
/** Whether the name of a receiver may stand for an address of a private network, or of which. An address itself may always be written down. */
const allowPrivate = z.union([z.boolean(), z.array(cidr).min(1)]).default(false)

const httpUrl = z.url({ protocol: /^https?$/ })

const ofEveryHttp = {
  ...ofEveryChannel,
  /** Or where it is to be found, if it is a secret itself. */
  url: z.union([httpUrl, secret], "an http or https URL, or env:NAME or file:PATH where it is to be found"),
  /** Values of further headers, by reference. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,60}$/, "the name of a header"), secret).default({}),
  allowPrivate,
}

const webhook = z.strictObject({
  ...ofEveryHttp,
  kind: z.literal("webhook"),
  /** Signs each message: `whsec_…` as Standard Webhooks has it, or any text. */
  secret: secret.optional(),
})

const ntfy = z.strictObject({
  ...ofEveryHttp,
  kind: z.literal("ntfy"),
  topic: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "a topic of letters, digits, '_' and '-', 64 at most"),
})

/** Those that nothing else is to be said of: what they need besides is in the URL or in headers. */
const others = z.strictObject({
  ...ofEveryHttp,
  kind: z.enum(["slack", "discord", "teams", "gotify", "alertmanager"]),
})

const channel = z.discriminatedUnion("kind", [webhook, ntfy, others])
export type ChannelConfig = z.infer<typeof channel>

export const channels = z
  .array(channel)
  .max(32)
  .refine((all) => all.length === new Set(all.map(({ name }) => name)).size, "two channels have the same name")
  .default([])
