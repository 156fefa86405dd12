/**
 * The shapes of the API's answers, as far as they are used. Perl writes a number as a number or as text, whatever it was last used as, and leaves out
 * what it does not know.
 */
import * as z from "zod"

const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(?:\.\d+)?$/)
    .transform(Number),
])
const text = z.union([z.string(), z.number().transform(String)])
const flag = z.union([z.boolean(), z.number(), z.string()]).transform((value) => value === true || Number(value) === 1)

/** Path → right → whether it holds below the path too; null where it is taken away. */
export const permissions = z.record(z.string(), z.record(z.string(), flag.nullable()))
export type Permissions = z.infer<typeof permissions>

export const clusterStatus = z.array(
  z.object({
    type: z.string(),
    name: text,
    local: flag.nullish(),
    quorate: flag.nullish(),
    ip: text.nullish(),
  }),
)

const measures = {
  status: text.nullish(),
  cpu: number.nullish(),
  maxcpu: number.nullish(),
  mem: number.nullish(),
  maxmem: number.nullish(),
}

const guestResource = z.object({
  ...measures,
  type: z.enum(["qemu", "lxc"]),
  vmid: z.union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ]),
  node: text,
  name: text.nullish(),
  template: flag.nullish(),
  tags: text.nullish(),
  pool: text.nullish(),
  hastate: text.nullish(),
})
export type GuestResource = z.infer<typeof guestResource>

const nodeResource = z.object({ ...measures, type: z.literal("node"), node: text })
export type NodeResource = z.infer<typeof nodeResource>

const storageResource = z.object({
  type: z.literal("storage"),
  node: text,
  storage: text,
  plugintype: text.nullish(),
  disk: number.nullish(),
  maxdisk: number.nullish(),
})
export type StorageResource = z.infer<typeof storageResource>

const known = new Set(["qemu", "lxc", "node", "storage"])
/** Pools, networks, and what later versions have. */
const other = z.object({ type: z.string().refine((type) => !known.has(type)) })

export const resources = z.array(z.union([guestResource, nodeResource, storageResource, other])).transform((all) => ({
  guests: all.filter((each) => "vmid" in each),
  storages: all.filter((each) => "storage" in each),
  nodes: all.filter((each) => "node" in each && each.type === "node"),
}))

export const nodeStatus = z.object({
  pveversion: text.nullish(),
  cpuinfo: z.object({ model: text.nullish() }).nullish(),
  "current-kernel": z.object({ machine: text.nullish(), release: text.nullish() }).nullish(),
})

export const updates = z.array(z.object({ Package: text, Version: text }))

/** As `upid_decode` has them; what runs yet has no end, and what was cut off no status. */
export const tasks = z.array(
  z.object({
    upid: text,
    node: text,
    type: text,
    id: text.nullish().transform((id) => id ?? ""),
    user: text,
    tokenid: text.nullish(),
    endtime: number.nullish(),
    status: text.nullish(),
  }),
)
export type Task = z.infer<typeof tasks>[number]

export const guestConfig = z.record(z.string(), z.unknown())
export type GuestConfig = z.infer<typeof guestConfig>

export const snapshots = z.array(z.object({ name: text, parent: text.nullish(), snaptime: number.nullish() }))
export const pending = z.array(z.object({ key: text, pending: z.unknown().optional(), delete: z.unknown().optional() }))

const address = z.object({ "ip-address": text.nullish(), prefix: number.nullish() })
/** What the agent within a virtual machine answers. */
export const agentInterfaces = z.object({
  result: z.array(z.object({ "hardware-address": text.nullish(), "ip-addresses": z.array(address).nullish() })),
})
export const containerInterfaces = z.array(
  z.object({
    hwaddr: text.nullish(),
    inet: text.nullish(),
    inet6: text.nullish(),
    "ip-addresses": z.array(address).nullish(),
  }),
)
