/** What machines have, and of what they are short: by bands, as how much is used is measured and not in the ledger. */
import { resourceStatus, type ResourceStatus } from "#events/facets/target.js"
import type { Entity } from "#projections/entities/read.js"
import type { TargetSummary } from "#projections/entities/summary.js"
import { inTurns } from "#timeline/turns.js"
import type { Asked } from "./asked.js"
import { type Question, found } from "./found.js"
import { tones } from "./health.js"
import { type Section, bars, figures, section } from "./report.js"

const questions: readonly Question[] = [
  ["Machines of which nothing was measured", "target", "status:unknown"],
  ["Containers that may use all memory there is", "service", "runtime:docker -container.memoryMiB:*"],
]

/** Machines that are read with one statement. */
const together = 500

/** What a machine is short of: critical first. */
interface Short {
  readonly machine: Entity
  readonly critical: readonly string[]
  readonly warning: readonly string[]
}

export async function resources(asked: Asked): Promise<readonly Section[]> {
  const { short, cores, memoryMiB, counts } = await added(asked)
  const worst = short.toSorted(
    (a, b) =>
      b.critical.length - a.critical.length ||
      b.warning.length - a.warning.length ||
      (a.machine.name < b.machine.name ? -1 : 1),
  )
  const rows = worst.slice(0, asked.most).map(({ machine: { kind, id, name, role }, critical, warning }) => {
    return {
      machine: { kind, id, name },
      role,
      critical: critical.join(", ") || null,
      warning: warning.join(", ") || null,
    }
  })
  const sections = [
    section("What there is", {
      figures: figures({ "cpu cores": cores, "memory in GiB": Math.round(memoryMiB / 1_024) }),
    }),
    section("Machines by their scarcest resource", {
      chart: bars(
        resourceStatus.options.map((status) => [status, counts[status]] as const),
        (status) => tones[status as ResourceStatus],
      ),
    }),
    section("Machines that are short of something, worst first", {
      table: { columns: ["machine", "role", "critical", "warning"], rows, total: short.length },
    }),
  ]
  for (const question of questions) sections.push(await found(asked, question))
  return sections
}

async function added({ line: { views }, point: { position }, signal }: Asked) {
  const [short, turn]: [Short[], () => Promise<void>] = [[], inTurns()]
  const counts = { healthy: 0, warning: 0, critical: 0, unknown: 0 }
  let [cores, memoryMiB] = [0, 0]
  const nos = await views.entities.numbers({ kind: "target", at: position })
  for (let from = 0; from < nos.length; from += together) {
    signal.throwIfAborted()
    for (const machine of await views.entities.rows("target", position, nos.slice(from, from + together))) {
      const summary = machine.summary as TargetSummary
      cores += summary.cpuCores ?? 0
      memoryMiB += summary.memoryMiB ?? 0
      counts[(machine.status ?? "unknown") as ResourceStatus] += 1
      const those = (wanted: ResourceStatus) =>
        Object.entries(summary.resources).flatMap(([name, status]) => (status === wanted ? [name] : []))
      const [critical, warning] = [those("critical"), those("warning")]
      if (critical.length + warning.length > 0) short.push({ machine, critical, warning })
    }
    await turn()
  }
  return { short, cores, memoryMiB, counts }
}
