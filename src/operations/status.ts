/** How the program and its sources are doing. */
import * as z from "zod"
import type { Run } from "#projections/runs/read.js"
import { version } from "../version.js"
import { query } from "./define.js"
import { lastSeen } from "./seen.js"
import { flag } from "./shapes.js"
import { sizeOf, storage, storageOf } from "./storage.js"

const mostFailures = 10_000

export const status = query({
  name: "status",
  summary: "Show sources, counts, and how ledger and views are doing",
  scope: "read",
  input: z.object({
    storage: flag.describe("Also what takes how much room on the disk"),
    failures: z.coerce
      .number()
      .int()
      .min(0)
      .max(mostFailures)
      .default(mostFailures)
      .describe("Most machines that are named of those that a source's last look could not look at"),
  }),
  output: z.object({
    version: z.string(),
    data: z.string(),
    ledger: z.object({
      events: z.int(),
      bytes: z.int(),
      sealed: z.int().describe("Events that the newest checkpoint vouches for"),
      problem: z.string().nullable().describe("Why it could not be sealed"),
    }),
    views: z.object({
      position: z.int(),
      lag: z.int(),
      state: z.string(),
      message: z.string().nullable(),
      bytes: z.int(),
    }),
    handlers: z.array(
      z.object({
        name: z.string(),
        state: z.string(),
        lag: z.int(),
        message: z.string().nullable(),
        deadLetters: z.int(),
      }),
    ),
    storage: storage.nullable().describe("If it was asked for"),
    counts: z.object({ target: z.int(), service: z.int(), stack: z.int() }),
    sources: z.array(
      z.object({
        name: z.string(),
        kind: z.string().describe("`elsewhere` of what is imported, collected, or not configured any more"),
        lastSeen: z.iso.datetime().nullable(),
        /** The last run that the ledger has by then. */
        run: z.record(z.string(), z.json()).nullable(),
        failures: z.int().describe("Machines that it could not look at"),
      }),
    ),
  }),
  route: { method: "GET", path: "/api/v1/status" },
  command: {
    name: "status",
    positional: [],
    examples: ["status", "status --storage", "status --failures 3 --output json"],
  },
  async run({ fleet, point }, input) {
    const { ledger, views, folder, discovery } = fleet
    const head = await ledger.head()
    const { position, state } = fleet.viewsState()
    const runs = await views.runs.latest(point.position)
    const seen = await lastSeen(fleet, point)
    const configured = new Set(discovery.sources.map(({ name }) => name))
    const elsewhere = runs
      .filter(({ source }) => !configured.has(source))
      .map(({ source: name }) => ({ name, kind: "elsewhere" }))
    const following = await fleet.subscriptions.list()
    return {
      version,
      data: folder.path,
      ledger: {
        events: head.position + 1,
        bytes: sizeOf(folder.ledger),
        sealed: (await fleet.sealer.latest())?.size ?? 0,
        problem: fleet.sealing.problem() ?? null,
      },
      views: {
        position,
        lag: head.position - position,
        state: state.is,
        message: state.is === "failed" ? state.message : null,
        bytes: sizeOf(folder.views),
      },
      handlers: following
        .filter(({ kind }) => kind === "handler")
        .map(({ name, state: is, lag, message, deadLetters }) => ({ name, state: is, lag, message, deadLetters })),
      storage: input.storage ? await storageOf(fleet) : null,
      counts: await views.entities.totals(point.position),
      sources: [...discovery.sources, ...elsewhere].map(({ name, kind }) => {
        const run = runs.find(({ source }) => source === name)
        return { name, kind, lastSeen: seen.source(name), ...told(run, input.failures) }
      }),
    }
  },
})

/** @param most machines that are named of those that it could not look at */
function told(run: Run | undefined, most: number) {
  const failed = run?.outcome === "completed" ? (run.coverage.failed ?? []) : []
  if (run?.outcome !== "completed" || failed.length <= most) return { run: run ?? null, failures: failed.length }
  const coverage = { ...run.coverage, failed: failed.slice(0, most) }
  return { run: { ...run, coverage }, failures: failed.length }
}
