/**
 * One e-mail to a mail server, over a connection of its own to an address that was checked. Without the security that is configured nothing is sent, and
 * what goes wrong is told in the server's words.
 */
import * as fs from "node:fs"
import * as net from "node:net"
import type { ConnectionOptions } from "node:tls"
import type { NodemailerError } from "nodemailer/lib/errors"
import type { SMTPConnectionSendInfo } from "nodemailer/lib/smtp-connection"
import type { EmailConfig } from "#config/channels.js"
import { readSecret } from "#config/secret.js"
import { type Clock, epochMs } from "#kernel/clock.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { Outcome } from "./outcome.js"
import type { Email } from "./payloads/email.js"
import { type Addresses, type Resolve, lookupOf, pinUntil } from "./resolve.js"

export interface SmtpPorts {
  readonly resolve: Resolve
  readonly clock: Clock
  /** Milliseconds for all of an attempt. Servers let those wait whom they do not know. */
  readonly patienceMs: number
}

export interface Sent {
  readonly outcome: Outcome
  /** Who has it, whatever became of the others. */
  readonly accepted: readonly string[]
}

/** @param to of those that it is for, who does not have it yet. Never throws: what goes wrong is the outcome */
export async function sendMail(
  config: EmailConfig,
  to: readonly string[],
  email: Email,
  { resolve, clock, patienceMs }: SmtpPorts,
  signal: AbortSignal,
): Promise<Sent> {
  const { host, from } = config
  const timeout = AbortSignal.timeout(patienceMs)
  const until = AbortSignal.any([signal, timeout])
  let conversation: Conversation | undefined
  let isLetIn = false
  try {
    const { default: MailComposer } = await import("nodemailer/lib/mail-composer")
    const composed = new MailComposer({
      from: { name: "fleet-ledger", address: from },
      to: config.to.map((address) => ({ name: "", address })),
      subject: email.subject,
      text: email.text,
      html: email.html,
      messageId: email.messageId,
      inReplyTo: email.inReplyTo,
      references: [...email.references],
      date: new Date(epochMs(clock.now())),
      headers: { "Auto-Submitted": "auto-generated" },
    })
    conversation = await begin(config, resolve, until)
    isLetIn = true
    const { accepted, rejectedErrors = [] } = await conversation.send(from, to, await composed.compile().build())
    return { outcome: ofRecipients(rejectedErrors, host), accepted }
  } catch (error) {
    const isLate = timeout.aborted && !signal.aborted
    const outcome: Outcome = isLate
      ? { is: "failed", why: `${host} did not take it within ${patienceMs} ms`, ofChannel: !isLetIn }
      : outcomeOf(error as NodemailerError, host, isLetIn)
    return { outcome, accepted: [] }
  } finally {
    conversation?.end()
  }
}

interface Conversation {
  send(from: string, to: readonly string[], message: Buffer): Promise<SMTPConnectionSendInfo>
  end(): void
}

/** Connects, secures the connection and signs in, as is configured, or rejects. */
async function begin(config: EmailConfig, resolve: Resolve, signal: AbortSignal): Promise<Conversation> {
  const { host, port, security, allowPrivate } = config
  const auth = credentialsOf(config)
  const tls = tlsOf(config)
  const { default: SMTPConnection } = await import("nodemailer/lib/smtp-connection")
  const socket = await connect(await pinUntil(signal, host, allowPrivate, resolve), { host, port }, signal)
  const smtp = new SMTPConnection({
    host,
    port,
    connection: socket,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls,
    socketCloseTimeout: 0,
  })
  const broken = new Promise<never>((_resolve, reject) => smtp.on("error", reject))
  // Nobody may be waiting for anything when it breaks.
  broken.catch(() => {})
  const said = <T>(say: (done: (error?: Error | null, answer?: T) => void) => void) =>
    Promise.race([
      broken,
      new Promise<T>((done, reject) => say((error, answer) => (error ? reject(error) : done(answer as T)))),
    ])
  const end = () => {
    smtp.close()
    socket.destroy()
  }
  try {
    await said((done) => smtp.connect(done))
    if (auth !== undefined) await said((done) => smtp.login({ credentials: auth }, done))
  } catch (error) {
    end()
    throw error
  }
  return { send: (from, to, message) => said((done) => smtp.send({ from, to: [...to] }, message, done)), end }
}

/** @throws FleetError `InvalidConfig` for what is not where it is said to be */
function credentialsOf({
  name,
  user,
  password,
}: EmailConfig): { readonly user: string; readonly pass: string } | undefined {
  if (user === undefined || password === undefined) return undefined
  return {
    user: /^(?:env|file):/.test(user) ? readSecret(user, `the user of "${name}"`) : user,
    pass: readSecret(password, `the password of "${name}"`),
  }
}

/** @throws FleetError `InvalidConfig` */
function tlsOf({ name, ca }: EmailConfig): ConnectionOptions {
  return { minVersion: "TLSv1.2", ...(ca !== undefined && { ca: read(ca, `the CA of "${name}"`) }) }
}

function read(file: string, what: string): string {
  try {
    return fs.readFileSync(file, "utf8")
  } catch (cause) {
    throw new FleetError("InvalidConfig", `${what} cannot be read from ${file}: ${messageOf(cause)}`, { cause })
  }
}

function connect(
  addresses: Addresses,
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, lookup: lookupOf(addresses), signal })
    // Later ones are heard by whoever uses it.
    socket.on("error", reject)
    socket.once("connect", () => resolve(socket))
  })
}

/** Where some of those that it is for were not let have it. */
function ofRecipients(rejected: readonly NodemailerError[], host: string): Outcome {
  const worst = rejected.find(({ responseCode }) => !isForGood(responseCode)) ?? rejected[0]
  if (worst === undefined) return { is: "taken" }
  const why = sentence(worst, host)
  return isForGood(worst.responseCode) ? { is: "refused", why } : { is: "failed", why, ofChannel: false }
}

/** @param isLetIn whether the server would hear of a message: else none is to blame, and whoever set the channel up can mend it */
function outcomeOf(error: NodemailerError, host: string, isLetIn: boolean): Outcome {
  const { command, responseCode, rejectedErrors = [] } = error
  if (rejectedErrors.length > 0) return ofRecipients(rejectedErrors, host)
  const ofChannel = !isLetIn || responseCode === 421 || command === "MAIL FROM"
  const why = sentence(error, host)
  return isForGood(responseCode) && !ofChannel ? { is: "refused", why } : { is: "failed", why, ofChannel }
}

/** 503 says that commands came out of order, which is not the message's fault. */
function isForGood(code: number | undefined): boolean {
  return code !== undefined && code >= 500 && code !== 503
}

function sentence(error: unknown, host: string): string {
  return `${host}: ${messageOf(error).replaceAll(/\s+/g, " ")}`
}
