/** What each kind of receiver takes, as its documentation says: which members there are, of which kind, and how long. Whatever else is sent is refused or not read there. */
import * as z from "zod"

/** Links are shown to people, who come back by them. */
const link = z.url({ protocol: /^https?$/ })

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/reference/block-kit/blocks */
const slackText = z.strictObject({
  type: z.enum(["mrkdwn"]),
  text: z.string().min(1).max(3_000),
  verbatim: z.boolean().optional(),
})
const slack = z.strictObject({
  text: z.string().min(1).max(40_000),
  unfurl_links: z.boolean(),
  unfurl_media: z.boolean(),
  blocks: z
    .array(
      z.discriminatedUnion("type", [
        z.strictObject({ type: z.literal("section"), text: slackText }),
        z.strictObject({ type: z.literal("context"), elements: z.array(slackText).min(1).max(10) }),
      ]),
    )
    .max(50),
})

/** https://discord.com/developers/docs/resources/webhook#execute-webhook, https://discord.com/developers/docs/resources/message#embed-object */
const discord = z.strictObject({
  content: z.string().min(1).max(2_000),
  allowed_mentions: z.strictObject({ parse: z.array(z.enum(["roles", "users", "everyone"])) }),
  embeds: z
    .array(
      z.strictObject({
        title: z.string().min(1).max(256),
        url: link,
        color: z.int().min(0).max(0xff_ff_ff),
        description: z.string().max(4_096),
      }),
    )
    .max(10),
})

/** https://learn.microsoft.com/en-us/connectors/teams/, https://adaptivecards.io/explorer/ */
const run = z.strictObject({
  type: z.literal("TextRun"),
  text: z.string().min(1),
  color: z.enum(["default", "dark", "light", "accent", "good", "warning", "attention"]).optional(),
  weight: z.enum(["lighter", "default", "bolder"]).optional(),
  isSubtle: z.boolean().optional(),
})
const card = z.strictObject({
  $schema: z.literal("http://adaptivecards.io/schemas/adaptive-card.json"),
  type: z.literal("AdaptiveCard"),
  // The last that Teams shows in a channel is 1.5.
  version: z.string().regex(/^1\.[0-5]$/),
  body: z.array(z.strictObject({ type: z.literal("RichTextBlock"), inlines: z.array(run).min(1) })).min(1),
  actions: z.array(z.strictObject({ type: z.literal("Action.OpenUrl"), title: z.string().min(1), url: link })),
})
const attachment = z.strictObject({
  contentType: z.literal("application/vnd.microsoft.card.adaptive"),
  contentUrl: z.null(),
  content: card,
})
const teams = z
  .strictObject({ type: z.literal("message"), attachments: z.array(attachment).length(1) })
  .refine((message) => Buffer.byteLength(JSON.stringify(message)) < 28_000, "28 KB are the most")

/** https://docs.ntfy.sh/publish/#publish-as-json; longer messages become attachments. */
const ntfy = z.strictObject({
  topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  title: z.string().min(1),
  message: z.string().refine((text) => Buffer.byteLength(text) <= 4_096, "4,096 bytes are the most"),
  priority: z.int().min(1).max(5),
  click: link,
})

/** https://gotify.net/api-docs#/message/createMessage, https://gotify.net/docs/msgextras */
const gotify = z.strictObject({
  title: z.string(),
  message: z.string().min(1),
  priority: z.int().min(0).max(10),
  extras: z.strictObject({
    "client::display": z.strictObject({ contentType: z.enum(["text/plain", "text/markdown"]) }),
    "client::notification": z.strictObject({ click: z.strictObject({ url: link }) }),
  }),
})

/** `postableAlerts` of https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml; names of labels as Prometheus has them. */
const labels = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string())
const alertmanager = z
  .array(
    z
      .strictObject({
        labels: labels.refine(({ alertname }) => alertname !== undefined && alertname !== ""),
        annotations: labels,
        startsAt: z.iso.datetime(),
        endsAt: z.iso.datetime(),
        generatorURL: link,
      })
      .refine(({ startsAt, endsAt }) => Date.parse(startsAt) <= Date.parse(endsAt), "it ends before it starts"),
  )
  .min(1)

export const receiverForms = { slack, discord, teams, ntfy, gotify, alertmanager } as const
