/** The facets of a service: what runs on a target for long. */
import * as z from "zod"
import { collection, config, line, state } from "./field.js"
import { lifecycle } from "./target.js"

const identityFacet = z.strictObject({
  name: config(line),
  /** What keeps it running: `systemd`, or `process` for one that merely listens. */
  runtime: config(z.enum(["systemd", "process"])),
})

const configFacet = z.strictObject({
  description: config(line),
  executable: config(line),
  user: config(line),
  /** systemd's UnitFileState: enabled, disabled, static, … */
  enabled: config(line),
  /** Where it listens, keyed as in the target's sockets. */
  ports: config(collection("tcp|udp", z.strictObject({}))),
})

export const serviceStatus = z.enum(["running", "stopped", "failed", "unknown"])
export type ServiceStatus = z.infer<typeof serviceStatus>

const stateFacet = z.strictObject({ status: state(serviceStatus) })

export const serviceFacets = { identity: identityFacet, config: configFacet, state: stateFacet } as const

/** The state of a service record. */
export const serviceDocument = z.strictObject({
  lifecycle,
  identity: identityFacet.optional(),
  config: configFacet.optional(),
  state: stateFacet.optional(),
})
export type ServiceDocument = z.infer<typeof serviceDocument>
