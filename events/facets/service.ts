/** The facets of a service: what runs on a target for long. */
import * as z from "zod"
import { collection, config, count, gauge, ledgered, line, state } from "./field.js"
import { lifecycle } from "./target.js"

const identityFacet = z.strictObject({
  name: config(line),
  /** What keeps it running: `systemd`, `docker`, or `process` for one that merely listens. */
  runtime: config(z.enum(["systemd", "process", "docker"])),
})

const configFacet = z.strictObject({
  description: config(line),
  executable: config(line),
  user: config(line),
  /** systemd's UnitFileState: enabled, disabled, static, … */
  enabled: config(line),
  /** Where it listens, keyed as in the target's sockets; of a container, what is published, with its own port. */
  ports: config(collection("tcp|udp", z.strictObject({ containerPort: config(count) }))),
  /** The stack that it is part of, and what it is called there. */
  stack: config(line),
  stackService: config(line),
  /** The services of its stack that it waits for; `condition` is compose's: service_started, service_healthy, … */
  dependsOn: config(collection("service", z.strictObject({ condition: config(line) }))),
})

export const serviceStatus = z.enum(["running", "stopped", "failed", "unknown"])
export type ServiceStatus = z.infer<typeof serviceStatus>

const stateFacet = z.strictObject({ status: state(serviceStatus) })

/**
 * The container that a service runs in. What it is started with may hold secrets: of its environment and labels only the names are here, of
 * its command only the executable. What every start changes (addresses, ports that the engine chooses, times) is not here at all.
 */
const container = z.strictObject({
  /** Another one after each re-creation. */
  id: state(line),
  /** As it was asked for, e.g. `nginx:1.25`, and what that was found to be. */
  image: config(line),
  imageId: config(line),
  /** In the registry that it came from; null for one that was built here. */
  digest: config(line),
  /** Compose's, over all that it was made from. */
  configHash: config(line),
  /** `no`, `always`, `unless-stopped`, `on-failure:3`. */
  restart: config(line),
  exposed: config(collection("tcp|udp", z.strictObject({}))),
  mounts: config(
    collection(
      "mount",
      z.strictObject({
        /** `bind`, `volume`, `tmpfs`, … */
        type: config(line),
        /** The folder of the host that is bound. */
        source: config(line),
        /** Null for a volume without a name, which every re-creation gives another one. */
        volume: config(line),
        readOnly: config(z.boolean()),
      }),
    ),
  ),
  /** `bridge`, `host`, `none`, the name of a network, or `container:` and the name of another one. */
  networkMode: config(line),
  /** The address is one that was asked for. */
  networks: config(collection("net", z.strictObject({ address: config(line) }))),
  environment: config(collection("env", z.strictObject({}))),
  labels: config(collection("label", z.strictObject({}))),
  /** Limits; null where there is none. */
  memoryMiB: config(count),
  cpus: config(z.number().nonnegative()),
  pids: config(count),
  privileged: config(z.boolean()),
  readOnlyRootfs: config(z.boolean()),
  capabilities: config(collection("cap", z.strictObject({}))),
  /** What its health check last concluded; null when it has none. */
  health: state(z.enum(["healthy", "unhealthy"])),
  /** How often the engine has restarted it by itself. */
  restarts: gauge(count),
})

export const serviceFacets = { identity: identityFacet, config: configFacet, state: stateFacet, container } as const

/** The state of a service record. */
export const serviceDocument = z.strictObject({
  lifecycle,
  identity: identityFacet.optional(),
  config: configFacet.optional(),
  state: stateFacet.optional(),
  container: ledgered(container).optional(),
  /** Its state keeps changing: the status is unknown as long as it does. */
  flapping: z.literal(true).optional(),
})
export type ServiceDocument = z.infer<typeof serviceDocument>
