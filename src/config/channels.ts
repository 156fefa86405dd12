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

const mailAddress = z
  .string()
  .max(254)
  .regex(
    /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/,
    "an address like ops@example.org",
  )

/** Over TLS from the first byte, from STARTTLS on, without which nothing is sent, or not at all. */
const securities = ["tls", "starttls", "none"] as const
const standardPort = { tls: 465, starttls: 587, none: 25 }

const email = z
  .strictObject({
    ...ofEveryChannel,
    kind: z.literal("email"),
    host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, "the name or the address of a mail server"),
    port: z.int().min(1).max(65_535).optional(),
    security: z.enum(securities).optional(),
    /** Who signed the server's certificate, if the system does not know: a file in PEM. */
    ca: z.string().min(1).optional(),
    /** A name, or where it is to be found. */
    user: z.string().min(1).optional(),
    password: secret.optional(),
    from: mailAddress,
    to: z.array(mailAddress).min(1).max(50),
    allowPrivate,
  })
  .superRefine(({ host, security, user, password }, context) => {
    const wrong = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message })
    if ((user === undefined) !== (password === undefined)) wrong("user", "user and password go together")
    if (password !== undefined && security === "none" && !isLoopback(host))
      wrong("security", "a password goes over TLS, or stays on this machine")
  })
  .transform(({ security, port, ...rest }) => {
    const chosen = security ?? (isLoopback(rest.host) ? "none" : "starttls")
    return { ...rest, security: chosen, port: port ?? standardPort[chosen] }
  })

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host)
}

const channel = z.discriminatedUnion("kind", [webhook, ntfy, others, email])
export type ChannelConfig = z.infer<typeof channel>
export type EmailConfig = z.infer<typeof email>
export type HttpConfig = Exclude<ChannelConfig, EmailConfig>

export const channels = z
  .array(channel)
  .max(32)
  .refine((all) => all.length === new Set(all.map(({ name }) => name)).size, "two channels have the same name")
  .default([])
