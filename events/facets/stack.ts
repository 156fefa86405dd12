/** The facets of a stack: services that were deployed together, as a compose project is. */
import * as z from "zod"
import { collection, config, line } from "./field.js"
import { lifecycle } from "./target.js"

const identityFacet = z.strictObject({
  name: config(line),
  /** What deployed it: `compose`, or `swarm`. */
  runtime: config(z.enum(["compose", "swarm"])),
})

const configFacet = z.strictObject({
  workingDir: config(line),
  /** The files that it was deployed from. */
  files: config(collection("file", z.strictObject({}))),
  /** Those that were made for it. */
  networks: config(collection("net", z.strictObject({ driver: config(line), internal: config(z.boolean()) }))),
  volumes: config(collection("volume", z.strictObject({ driver: config(line) }))),
})

export const stackFacets = { identity: identityFacet, config: configFacet } as const

/** The state of a stack record. */
export const stackDocument = z.strictObject({
  lifecycle,
  identity: identityFacet.optional(),
  config: configFacet.optional(),
})
export type StackDocument = z.infer<typeof stackDocument>
