/** The form that a message takes for each kind of receiver. */
import type { HttpConfig } from "#config/channels.js"
import type { Message } from "../message.js"
import { alertmanagerPayload } from "./alertmanager.js"
import { discordPayload } from "./discord.js"
import { gotifyPayload } from "./gotify.js"
import { ntfyPayload } from "./ntfy.js"
import { slackPayload } from "./slack.js"
import { teamsPayload } from "./teams.js"
import { webhookPayload } from "./webhook.js"

const forms = {
  webhook: webhookPayload,
  slack: slackPayload,
  discord: discordPayload,
  teams: teamsPayload,
  gotify: gotifyPayload,
  alertmanager: alertmanagerPayload,
}

export function payloadOf(config: HttpConfig, message: Message): object {
  return config.kind === "ntfy" ? ntfyPayload(message, config.topic) : forms[config.kind](message)
}
