/** A mail server on loopback, as bad as the test wants it. */
import * as fs from "node:fs"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"
import { type Identity, listening } from "./web-servers.js"

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  /** As it came, head and body. */
  readonly raw: string
  readonly isSecure: boolean
  readonly user: unknown
  /** When it had come whole, in milliseconds since the epoch. */
  readonly at: number
}

/** What it does at a point of the conversation: goes on, answers so instead, breaks off or says nothing. */
export type Answer = "ok" | number | "break off" | "hang"

export interface MailServer {
  readonly port: number
  /** What was taken. */
  readonly mails: Mail[]
  /** Conversations that came as far as a sender. */
  readonly senders: string[]
  at: (point: "connect" | "auth" | "from" | "to" | "data", what: string) => Answer
}

/** @param identity without it nothing is secured */
export async function mailServer(identity?: Identity, options: SMTPServerOptions = {}): Promise<MailServer> {
  const server = { mails: [] as Mail[], senders: [] as string[], at: (() => "ok") as MailServer["at"] }
  type Done = (error?: Error | null) => void
  const answer = (given: Answer, done: Done, otherwise: () => void, session: { readonly id: string }) => {
    if (given === "hang") return
    if (given === "break off") {
      for (const connection of smtp.connections) if (connection.session.id === session.id) connection._socket.destroy()
      return
    }
    if (given === "ok") otherwise()
    else done(Object.assign(new Error("not so"), { responseCode: given }))
  }
  const tls =
    identity === undefined
      ? { disabledCommands: ["STARTTLS"] }
      : { cert: fs.readFileSync(identity.certificate), key: fs.readFileSync(identity.key) }
  const smtp = new SMTPServer({
    ...tls,
    authOptional: true,
    logger: false,
    disableReverseLookup: true,
    onConnect: (session, done) => answer(server.at("connect", ""), done, () => done(), session),
    onAuth({ username = "", password = "" }, session, done) {
      const given = server.at("auth", `${username}:${String(password)}`)
      const letIn = () => done(null, { user: username })
      answer(given, (error) => done(error), letIn, session)
    },
    onMailFrom({ address }, session, done) {
      server.senders.push(address)
      answer(server.at("from", address), done, () => done(), session)
    },
    onRcptTo: ({ address }, session, done) => answer(server.at("to", address), done, () => done(), session),
    onData(stream, session, done) {
      const given = server.at("data", "")
      const { envelope, secure, user } = session
      let raw = ""
      stream.setEncoding("utf8")
      stream.on("data", (chunk: string) => {
        raw += chunk
        if (given === "break off") answer(given, done, () => {}, session)
      })
      stream.once("end", () =>
        answer(
          given,
          done,
          () => {
            const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address
            const to = envelope.rcptTo.map(({ address }) => address)
            server.mails.push({ from, to, raw, isSecure: secure, user, at: Date.now() })
            done()
          },
          session,
        ),
      )
    },
    ...options,
  })
  smtp.on("error", () => {})
  return Object.assign(server, { port: await listening(smtp.server) })
}

/** Of a mail's head, unfolded and decoded, by names in small letters. */
export function headOf({ raw }: Mail): ReadonlyMap<string, string> {
  const head = raw.slice(0, raw.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ")
  return new Map(
    head.split("\r\n").map((line) => {
      const colon = line.indexOf(": ")
      return [line.slice(0, colon).toLowerCase(), decoded(line.slice(colon + 2))] as const
    }),
  )
}

/** As RFC 2047 has it, of the kind that is used here. */
function decoded(value: string): string {
  return value
    .replaceAll("?= =?", "?==?")
    .replaceAll(/=\?UTF-8\?Q\?(.*?)\?=/g, (_, word: string) =>
      decodeURIComponent(word.replaceAll("%", "%25").replaceAll("_", " ").replaceAll("=", "%")),
    )
}
