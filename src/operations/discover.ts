/** Looking now. */
import * as z from "zod"
import type { Source } from "#discovery/observation.js"
import type { RunReport } from "#discovery/run.js"
import { FleetError } from "#kernel/errors.js"
import type { RunId } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { type Progress, job } from "./define.js"
import { flag } from "./shapes.js"

export const lookReport = z.object({
  source: z.string(),
  runId: z.string().nullable().describe("Null where the ledger took no account of the look"),
  outcome: z.enum(["completed", "failed"]),
  message: z.string().optional(),
  targets: z.int(),
  services: z.int(),
  stacks: z.int(),
  failed: z
    .array(z.object({ target: z.string(), code: z.string(), message: z.string() }))
    .describe("Machines that could not be looked at"),
  held: z.int().describe("Machines that are missing, too many at once to be believed"),
  changes: z.int().describe("Change events recorded"),
  position: z.int(),
})

type LookReport = Omit<RunReport, "runId"> & { readonly runId: RunId | null }

export const discover = job({
  name: "discover",
  summary: "Look at all sources, or at one, and record what changed",
  scope: "operate",
  input: z.object({
    source: z.string().max(64).optional().describe("Name of a source; all of them without it"),
    acceptAbsence: flag.describe("What is missing is gone, however much it is at once"),
  }),
  output: z.object({ runs: z.array(lookReport), changes: z.int() }),
  route: { method: "POST", path: "/api/v1/discover" },
  command: {
    name: "discover",
    positional: ["[source]"],
    examples: ["discover", "discover here --output json", "discover pve --accept-absence"],
  },
  async run({ fleet, principal, signal, progress }, input) {
    const { discovery } = fleet
    const sources = input.source === undefined ? discovery.sources : [discovery.find(input.source)]
    const looks = new LookCounts(sources.length, progress)
    const refused: FleetError[] = []
    const lookAt = async (source: Source): Promise<LookReport> => {
      try {
        return await discovery.look(source, {
          actor: principal.name,
          signal,
          progress: (done, total, what) => looks.at(source.name, done, total, what),
          acceptAbsence: input.acceptAbsence,
        })
      } catch (error) {
        // Whoever cancels one cancels all, and what nobody expected is no matter of one source.
        if (signal.aborted || !(error instanceof FleetError)) throw error
        refused.push(error)
        return notRecorded(source.name, error, (await fleet.ledger.head()).position)
      }
    }
    const runs = await Promise.all(
      sources.map(async (source) => {
        const run = await lookAt(source)
        looks.ended(source.name)
        return run
      }),
    )
    const [first] = refused
    if (first !== undefined && refused.length === runs.length) throw first
    // Who reads after this sees what it recorded.
    for (const { position } of runs) await fleet.reached(position)
    return { runs, changes: runs.reduce((sum, { changes }) => sum + changes, 0) }
  },
})

/** Of a look that the ledger took no account of. */
function notRecorded(source: string, { message }: FleetError, position: Position): LookReport {
  const nothing = { targets: 0, services: 0, stacks: 0, failed: [], held: 0, changes: 0 }
  const what = `${message}; what was recorded of it until then stands`
  return { source, runId: null, outcome: "failed", message: what, ...nothing, position }
}

/** How far looks at several sources are, in machines; a source that does not say counts as one. */
class LookCounts {
  readonly #sources = new Map<string, { done: number; total: number }>()
  readonly #silent: number
  readonly #progress: Progress

  constructor(sources: number, progress: Progress) {
    this.#silent = sources
    this.#progress = progress
    progress(0, sources, "looking")
  }

  at(source: string, done: number, total: number, what: string): void {
    this.#sources.set(source, { done, total })
    const told = [...this.#sources.values()]
    const sum = (of: (counts: { done: number; total: number }) => number) =>
      told.reduce((all, each) => all + of(each), 0)
    this.#progress(
      sum(({ done: ended }) => ended),
      sum(({ total: all }) => all) + this.#silent - told.length,
      what,
    )
  }

  ended(source: string): void {
    const total = this.#sources.get(source)?.total ?? 1
    this.at(source, total, total, source)
  }
}
