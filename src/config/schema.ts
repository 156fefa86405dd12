/** What can be configured, with its defaults: nothing configured means this machine alone, on loopback. */
import * as z from "zod"
import { policy } from "#events/policy.js"
import { parseDuration } from "#kernel/duration.js"

/** Milliseconds, written like `5m` or `1h30m`. */
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms === undefined || ms < 1_000) {
    context.addIssue({ code: "custom", message: "a duration of at least a second, like 30s, 5m or 1h30m" })
    return z.NEVER
  }
  return ms
})

/** Where a secret is, and never the secret itself. */
const secret = z.string().regex(/^(?:env|file):./, "env:NAME or file:PATH, where it is to be found")

const sourceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "a name of lower-case letters, digits, '.', '_' and '-'")

const ofEverySource = {
  name: sourceName,
  /** Time between looks; `discovery.every` unless given. */
  every: duration.optional(),
}

const localSource = z.strictObject({ ...ofEverySource, kind: z.literal("local") })

const port = z.int().min(1).max(65_535)
/** How to log in; what is not said here, ssh's own configuration says. */
const sshLogin = {
  user: z.string().min(1).optional(),
  port: port.optional(),
  /** File with the private key. */
  key: z.string().min(1).optional(),
  /** Of that key. */
  passphrase: secret.optional(),
}
/** What a host is called, here and in ssh's configuration. */
const hostName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:%-]{0,252}$/, "the name or address of a host")

const sshSource = z.strictObject({
  ...ofEverySource,
  kind: z.literal("ssh"),
  hosts: z
    .array(
      z.union([
        hostName.transform((name) => ({ name })),
        z.strictObject({ name: hostName, address: z.string().min(1).optional(), ...sshLogin }),
      ]),
    )
    .min(1),
  ...sshLogin,
  /** Instead of `~/.ssh/config`. */
  sshConfig: z.string().min(1).optional(),
  /** Whether to look as root where sudo takes no password. */
  sudo: z.boolean().default(false),
  /** Hosts that are looked at at once. */
  together: z.int().min(1).max(256).default(16),
  /** How long one host may take. */
  deadline: duration.prefault("60s"),
})

const dockerSource = z
  .strictObject({
    ...ofEverySource,
    kind: z.literal("docker"),
    /** `unix:///run/docker.sock`, `tcp://host:2376`, `ssh://user@host`; else what the `docker` command would use. */
    host: z.string().min(1).optional(),
    /** A context of the `docker` command's. */
    context: z.string().min(1).optional(),
    /** Files in PEM. */
    tls: z
      .strictObject({
        ca: z.string().min(1).optional(),
        cert: z.string().min(1).optional(),
        key: z.string().min(1).optional(),
      })
      .optional(),
  })
  .refine(({ host, context }) => host === undefined || context === undefined, "host or context, not both")

export const configSchema = z.strictObject({
  /** The data folder. */
  data: z.string().min(1).optional(),
  listen: z
    .string()
    .regex(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, "host:port, like 127.0.0.1:7400")
    .default("127.0.0.1:7400"),
  /** Which engine keeps the ledger. */
  ledger: z
    .discriminatedUnion("engine", [
      z.strictObject({ engine: z.literal("sqlite") }),
      z.strictObject({
        engine: z.literal("eventstoredb"),
        /** `esdb://` or `kurrentdb://`, with or without `+discover`; without user and password. */
        address: z.string().min(1),
        user: z.string().min(1).optional(),
        password: secret.optional(),
        /** File with the certificate of the authority that signed the cluster's. */
        ca: z.string().min(1).optional(),
        /** What the names of its streams begin with. */
        prefix: z.string().min(1).optional(),
      }),
    ])
    .default({ engine: "sqlite" }),
  sources: z
    .array(z.discriminatedUnion("kind", [localSource, sshSource, dockerSource]))
    .min(1)
    .default([{ name: "here", kind: "local" }]),
  /** Folder of the signing key, outside the data folder. */
  keys: z.string().min(1).optional(),
  /** When the ledger is sealed with a signed checkpoint, and where that goes besides the ledger. */
  checkpoints: z
    .strictObject({
      /** So many events after the last one, */
      events: z.int().min(1).default(10_000),
      /** or so long after the first event that is not sealed, */
      every: duration.prefault("5m"),
      /** or so long after it if nothing but accounts of looks was recorded. */
      idle: duration.prefault("6h"),
      /** `checkpoints` in the data folder unless given. */
      folder: z.string().min(1).optional(),
      /** Takes each as a POST. */
      webhook: z.url({ protocol: /^https?$/ }).optional(),
    })
    .prefault({}),
  discovery: z.strictObject({ every: duration.default(300_000) }).default({ every: 300_000 }),
  policy: policy.extend({ bands: policy.shape.bands.prefault({}) }).prefault({}),
})

export type Config = z.infer<typeof configSchema>
export type SourceConfig = Config["sources"][number]
export type SshSourceConfig = z.output<typeof sshSource>
