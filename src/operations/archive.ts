/** The oldest events in files of their own: making those, moving them elsewhere, putting them back. */
import * as path from "node:path"
import * as z from "zod"
import type { Position } from "#kernel/point.js"
import type { ArchivedRange } from "#ledger/archive/archives.js"
import { resolvePoint } from "#timeline/resolve.js"
import { command, job, query } from "./define.js"

const range = z.object({
  first: z.int().describe("Position of its first event"),
  last: z.int().describe("Position of its last event"),
  from: z.iso.datetime().describe("When the first was recorded"),
  to: z.iso.datetime().describe("When the last was recorded"),
  root: z.string().describe("Of the tree of its events alone, base64"),
  bytes: z.int(),
  sha256: z.string().describe("Of the file, hexadecimal"),
  file: z.string(),
  isHere: z.boolean().describe("Whether the file is where it belongs"),
  movedTo: z.string().nullable().describe("The folder that it was moved to"),
})

const shown = ({ root, ...rest }: ArchivedRange) => ({ ...rest, root: Buffer.from(root).toString("base64") })

export const archiveCreate = job({
  name: "archive create",
  summary: "Move the oldest events into compressed files; every read, proof and export goes on through them",
  scope: "admin",
  input: z.object({
    before: z.string().max(100).describe("The point in time up to which events go, like -90d or position:50000"),
    reason: z.string().min(3).max(500).optional().describe("Why; stays in the ledger"),
  }),
  output: z.object({
    events: z.int().describe("Events that went"),
    bytes: z.int().describe("Of the files"),
    ranges: z.array(range),
  }),
  route: { method: "POST", path: "/api/v1/archives" },
  command: { name: "archive create", positional: [], examples: ["archive create --before -90d"] },
  async run({ fleet, principal, progress, signal }, { before, reason }) {
    const { position } = await resolvePoint(fleet, before)
    const metadata = { actor: principal.name, ...(reason === undefined ? {} : { reason }) }
    const { events, bytes, ranges } = await fleet.archive(position, metadata, { progress, signal })
    return { events, bytes, ranges: ranges.map(shown) }
  },
})

export const archiveList = query({
  name: "archive list",
  summary: "List the archives, and which of them are not here",
  scope: "read",
  withoutViews: true,
  input: z.object({}),
  output: z.object({ items: z.array(range), next: z.null() }),
  route: { method: "GET", path: "/api/v1/archives" },
  command: { name: "archive list", positional: [], examples: ["archive list"] },
  run: async ({ fleet }) => ({ items: (await fleet.ledger.archives.list()).map(shown), next: null }),
})

const aPosition = "a position, from 0"

/** Whoever asks over the network is in no folder there. */
const aPath = z
  .string()
  .max(4_000)
  .refine((named) => path.isAbsolute(named), "say the whole path, from / on")

export const archiveDetach = command({
  name: "archive detach",
  summary: "Move an archive to another folder; what needs its events says so until it is attached again",
  scope: "admin",
  accounted: { as: "administration", what: "to" },
  input: z.object({
    first: z.coerce.number(aPosition).int(aPosition).min(0, aPosition).describe("The position where it begins"),
    to: aPath.describe("Folder, as the machine with the ledger names it"),
  }),
  output: range,
  route: { method: "POST", path: "/api/v1/archives/{first}/detach" },
  command: {
    name: "archive detach",
    positional: ["first"],
    paths: ["to"],
    examples: ["archive detach 0 --to /mnt/archives"],
  },
  run: async ({ fleet }, { first, to }) => shown(await fleet.ledger.archives.detach(first as Position, to)),
})

export const archiveAttach = command({
  name: "archive attach",
  summary: "Put a copy of an archive back where it belongs",
  scope: "admin",
  accounted: { as: "administration", what: "file" },
  input: z.object({
    file: aPath.describe("The file, as the machine with the ledger names it"),
  }),
  output: range,
  route: { method: "POST", path: "/api/v1/archives/attach" },
  command: {
    name: "archive attach",
    positional: ["file"],
    paths: ["file"],
    examples: ["archive attach /mnt/archives/0-65535.0.fla"],
  },
  run: async ({ fleet }, { file }) => shown(await fleet.ledger.archives.attach(file)),
})
