/** What can be configured, with its defaults: nothing configured means this machine alone, on loopback. */
import * as z from "zod"
import { baselineRule } from "#events/baseline.js"
import { policy } from "#events/policy.js"
import { snapshotType } from "#events/snapshot.js"
import { alerts } from "./alerts.js"
import { checking, checks } from "./checks.js"
import { sourceConfig } from "./sources.js"
import { duration, secret } from "./values.js"

const collectorName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,30}$/, "a name of lower-case letters, digits and '-', 31 at most")

export const configSchema = z.strictObject({
  /** The data folder. */
  data: z.string().min(1).optional(),
  listen: z
    .string()
    .regex(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, "host:port, like 127.0.0.1:7400")
    .default("127.0.0.1:7400"),
  /** Where people reach it, if that is not where it listens: `https://fleet.lan`. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  /** Files in PEM. Without them, and without proxies, only loopback is listened on. */
  tls: z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }).optional(),
  /** Addresses and networks of the proxies that it is reached through, which speak TLS; nobody else is answered. */
  proxies: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .min(1)
    .optional(),
  access: z
    .strictObject({
      /** Of one token that is right, or of one address. */
      requestsPerSecond: z.int().min(1).default(500),
    })
    .prefault({}),
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
    .array(sourceConfig)
    .min(1, "at least one; this machine is looked at where it is left out")
    .default([{ name: "here", kind: "local" }]),
  /** Who looks at other places and sends what they saw, by the keys that they sign it with. */
  collectors: z
    .array(
      z.strictObject({
        name: collectorName,
        /** As `fleet-ledger collect` prints it. */
        key: z.string().regex(/^[A-Za-z0-9+/]{59}=$/, "the key of a collector, as it prints it"),
      }),
    )
    .default([]),
  /** What this is where it runs as a collector. */
  collect: z
    .strictObject({
      name: collectorName,
      /** Base URL of the server. */
      server: z.url({ protocol: /^https?$/ }),
    })
    .optional(),
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
      /** How often all of it is derived anew and held against what was signed. */
      verify: z.union([z.literal("never").transform(() => undefined), duration]).prefault("1d"),
      /** `checkpoints` in the data folder unless given. */
      folder: z.string().min(1).optional(),
      /** Takes each as a POST. */
      webhook: z.url({ protocol: /^https?$/ }).optional(),
    })
    .prefault({}),
  /** What does not stay as it was recorded for ever, and how long it does. */
  retention: z
    .strictObject({
      /** When events go into archives, which lose nothing. */
      archive: z
        .strictObject({
          after: z.union([z.literal("never").transform(() => undefined), duration]).prefault("never"),
          /** Fewer are not worth a file. */
          events: z.int().min(256).default(16_384),
        })
        .prefault({}),
      /** What is measured: so many looks as they were, then means over five minutes and over an hour, for so long. */
      measurements: z
        .strictObject({
          looks: z.int().min(288).max(100_000).default(576),
          fiveMinutes: duration.prefault("7d"),
          hours: duration.prefault("90d"),
        })
        .prefault({}),
      /** Snapshots that do not say themselves how long they are kept, by type; those of other types for ever, but for what `snapshots.keep` says of the ones taken by themselves. */
      snapshots: z.partialRecord(snapshotType, duration).default({}),
      /** Events that handlers could not handle, and messages that were given up. */
      setAside: duration.prefault("90d"),
    })
    .prefault({}),
  discovery: z.strictObject({ every: duration.default(300_000) }).default({ every: 300_000 }),
  /** What is tried again and again, and what holds of all of it that says nothing else. */
  checks,
  checking,
  /** Snapshots that `serve` takes by itself, where something has changed since the last one. */
  snapshots: z
    .strictObject({
      /** Behind each look that changed something. */
      afterDiscovery: z.boolean().default(false),
      every: duration.prefault("1d"),
      /** How long those are kept, unless `retention.snapshots` says it of their type; what they named stays in the ledger. */
      keep: duration.prefault("30d"),
    })
    .prefault({}),
  /** What is expected of the fleet, as a baseline of that name says it; others are declared by their operations. */
  drift: z.strictObject({ rules: z.array(baselineRule).max(1_000).default([]) }).prefault({}),
  /** What is wrong, and who is told of it. */
  alerts,
  /** What agents may do over the Model Context Protocol. */
  mcp: z
    .strictObject({
      /** Tools that look at the fleet and name points in time, for those whose scope allows it; without it they only read. */
      write: z.boolean().default(false),
    })
    .prefault({}),
  policy: policy.extend({ bands: policy.shape.bands.prefault({}) }).prefault({}),
})

export type Config = z.infer<typeof configSchema>
