/** Checks that are run: at which place, how often, and what is expected there. */
import * as z from "zod"
import { duration } from "./values.js"

/** Longest text and pattern that a body is searched for. */
const longestText = 1_000

/** Words that `{…}` in a place stands for. */
export const placeholders = ["address", "port", "name", "host"] as const

const checkName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "a name of lower-case letters, digits and '-', 63 at most")
const status = z.int().min(100).max(599)
const exit = z.int().min(0).max(255)

/** How TLS is spoken: with whom is checked unless it is said that it is not. */
const tls = z.strictObject({
  /** File in PEM with the authorities that are trusted, instead of the system's. */
  ca: z.string().min(1).optional(),
  /** Whom the certificate has to name, if that is not the host of the address. */
  serverName: z.string().min(1).max(253).optional(),
  /** False: whoever answers is believed; how long the certificate is valid is still looked at. */
  verify: z.boolean().default(true),
})
const certificateDays = z.int().min(0).max(3_650)

const ofEveryCheck = {
  name: checkName,
  /** Entities that it is run at, in the query language; each of them is a check of its own. */
  where: z.string().min(1).max(2_000).optional(),
  /** Between the ends and starts of tries. */
  every: duration.optional(),
  timeout: duration.optional(),
  /** So many tries in a row have to agree. */
  retries: z.int().min(1).max(100).optional(),
}
const of = z.enum(["target", "service"])

const httpCheck = z.strictObject({
  ...ofEveryCheck,
  kind: z.literal("http"),
  of: of.default("target"),
  /** With `{address}`, `{port}`, `{name}`, `{host}` of what `where` finds. */
  url: z
    .string()
    .max(2_000)
    .regex(/^https?:\/\/\S+$/, "an address that begins with http:// or https://"),
  /** Sent besides. Nothing secret. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), z.string().max(1_000)).default({}),
  /** Whether redirections are followed: on the same host, everywhere, or not at all. */
  redirects: z.enum(["host", "any", "none"]).default("host"),
  tls: tls.optional(),
  expect: z
    .strictObject({
      /** One of these; 200 to 299 unless given. */
      status: z.union([status.transform((one) => [one]), z.array(status).min(1).max(20)]).optional(),
      /** A text in its first 64 KiB. */
      body: z.string().min(1).max(longestText).optional(),
      /** A regular expression that they match. */
      bodyMatches: z.string().min(1).max(longestText).refine(isPattern, "a regular expression").optional(),
      /** So many days, at least, that the certificate is still valid. */
      certificateDays: certificateDays.optional(),
    })
    .prefault({}),
})

const tcpCheck = z.strictObject({
  ...ofEveryCheck,
  kind: z.literal("tcp"),
  of: of.default("target"),
  /** `host:port`, with `{address}`, `{port}`, `{name}`, `{host}` of what `where` finds. */
  address: z
    .string()
    .max(500)
    .regex(/^\S+:(?:\d{1,5}|\{port\})$/, "host:port, like db.lan:5432 or {address}:22"),
  /** Whether TLS is spoken there at once. */
  tls: tls.optional(),
  expect: z.strictObject({ certificateDays: certificateDays.optional() }).prefault({}),
})

/** What its engine says of a container, by the source that looks at it: that it runs, and what its own health check says. */
const dockerCheck = z.strictObject({
  ...ofEveryCheck,
  kind: z.literal("docker"),
  of: z.literal("service").default("service"),
})

/** What systemd says of a unit, on machines that a source looks at over ssh or from within. */
const systemdCheck = z.strictObject({
  ...ofEveryCheck,
  kind: z.literal("systemd"),
  of: of.default("target"),
  /** With `{name}` and `{host}` of what `where` finds. */
  unit: z
    .string()
    .max(256)
    .regex(
      /^[A-Za-z0-9:_.@\\{}-]+\.(?:service|socket|timer|mount|path|target|slice)$/,
      "the name of a unit, like nginx.service",
    ),
})

/** A program that is run on machines as systemd is asked there; passes by what it ends with. */
const commandCheck = z.strictObject({
  ...ofEveryCheck,
  kind: z.literal("command"),
  of: z.literal("target").default("target"),
  /** Its name among `checking.commands`: nothing else is ever run. */
  command: checkName,
  expect: z
    .strictObject({ exit: z.union([exit.transform((one) => [one]), z.array(exit).min(1).max(20)]).prefault(0) })
    .prefault({}),
})

export const checkConfig = z.discriminatedUnion("kind", [httpCheck, tcpCheck, dockerCheck, systemdCheck, commandCheck])
export type CheckConfig = z.output<typeof checkConfig>
export type HttpCheck = z.output<typeof httpCheck>
export type TcpCheck = z.output<typeof tcpCheck>
export type CommandCheck = z.output<typeof commandCheck>
export type TlsOptions = z.output<typeof tls>

export const checks = z
  .array(checkConfig)
  .max(1_000)
  .default([])
  .superRefine((all, context) => {
    const names = all.map(({ name }) => name)
    for (const [index, check] of all.entries()) {
      const say = (key: string, message: string) => context.addIssue({ code: "custom", path: [index, key], message })
      if (names.indexOf(check.name) !== index) say("name", `another check is called "${check.name}"; names must differ`)
      const wrong = wrongPlace(check)
      if (wrong !== undefined) say(...wrong)
    }
  })

/** What a check has that says nothing else of it. */
export const checking = z
  .strictObject({
    every: duration.prefault("30s"),
    timeout: duration.prefault("5s"),
    retries: z.int().min(1).max(100).default(3),
    /** Checks that are run at once. */
    together: z.int().min(1).max(1_000).default(32),
    /** Programs that checks may run, each with all of its arguments: as they stand here, by no shell. */
    commands: z
      .record(
        checkName,
        z.array(z.string().min(1).max(1_000).refine(isPlain, "text without line ends or NUL")).min(1).max(100),
      )
      .default({}),
  })
  .prefault({})

/** The key and a sentence about what in a place cannot be filled in, or of a place that is none. */
function wrongPlace(check: CheckConfig): readonly [key: string, message: string] | undefined {
  const { kind, where } = check
  if ((kind === "docker" || kind === "systemd" || kind === "command") && where === undefined)
    return ["where", 'say in the query language where it is run: "role:production"']
  if (kind === "docker" || kind === "command") return undefined
  const [key, place] =
    kind === "http" ? ["url", check.url] : kind === "tcp" ? ["address", check.address] : ["unit", check.unit]
  const allowed: readonly string[] = kind === "systemd" ? ["name", "host"] : placeholders
  const asked = [...place.matchAll(/\{([^}]*)\}/g)].map(([, word = ""]) => word)
  const unknown = asked.find((word) => !allowed.includes(word))
  if (unknown !== undefined)
    return [key, `{${unknown}} is nothing that is filled in; ${allowed.map((word) => `{${word}}`).join(", ")} are`]
  if (asked.length > 0 && where === undefined)
    return [key, `{${asked[0]}} is of what "where" finds, which is not there`]
  if (asked.includes("port") && check.of === "target")
    return [key, 'a machine has no one port; write it, or "of: service"']
  return undefined
}

function isPlain(text: string): boolean {
  return !/[\0\r\n]/.test(text)
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u") instanceof RegExp
  } catch {
    return false
  }
}
