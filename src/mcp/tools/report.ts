/** Reports: questions that belong together, each with the query that goes on where the report ends. */
import * as z from "zod"
import type { JsonObject } from "#kernel/json.js"
import { count } from "#operations/count.js"
import { at } from "#operations/define.js"
import { drift } from "#operations/drift.js"
import { health } from "#operations/health.js"
import { search } from "#operations/search.js"
import { security } from "#operations/security.js"
import { type Ask, known, pointShape, tool } from "../tool.js"
import { usesOfWrong, whatIsWrong, wrongShape } from "./wrong.js"

type Kind = "target" | "service" | "stack"

/** What is asked for: a title, of what, and the query. */
type Question = readonly [title: string, kind: Kind, query: string]

const unhealthy: Question = ["Unhealthy machines", "target", "health<0.7"]
const failed: Question = ["Failed services", "service", "status:failed"]
const unseen: Question = ["Machines that complete looks no longer find", "target", "lifecycle:unseen"]

const reports: Readonly<
  Record<string, { readonly counted: Partial<Record<Kind, string>>; readonly questions: readonly Question[] }>
> = {
  summary: {
    counted: { target: "role,health,environment", service: "status,runtime", stack: "runtime" },
    questions: [
      unhealthy,
      failed,
      unseen,
      ["Machines that changed within a day", "target", "changed:>-1d"],
      ["Machines discovered within a week", "target", "discovered:>-7d"],
    ],
  },
  health: {
    counted: { target: "health,status", service: "status" },
    questions: [
      ["Critical machines", "target", "health<0.3"],
      unhealthy,
      ["Machines of which nothing is known", "target", "-health:*"],
      failed,
      ["Containers that say they are unhealthy", "service", "container.health:unhealthy"],
      unseen,
    ],
  },
  security: {
    counted: { target: "role" },
    questions: [
      [
        "Critical vulnerabilities, as scanners counted them",
        "target",
        "security.vulnerabilities.trivy.critical>0 OR security.vulnerabilities.grype.critical>0 OR security.vulnerabilities.debsecan.critical>0",
      ],
      ["Pending security updates", "target", "updates.pending.security:true"],
      ["A restart is needed", "target", "updates.rebootRequired:true"],
      ["Certificates that have ended", "target", "certificates.notAfter<now"],
      ["Certificates that end within 30 days", "target", "certificates.notAfter<+30d"],
      ["No firewall that anybody knows of", "target", "-firewall:*"],
      ["The audit daemon is stopped", "target", "security.auditd:stopped"],
      ["Privileged containers", "service", "privileged:true"],
    ],
  },
  resources: {
    counted: { target: "status,role,os" },
    questions: [
      ["Short of cpu, memory or disk: critical", "target", "status:critical"],
      ["Short of cpu, memory or disk: warning", "target", "status:warning"],
      ["Not measured", "target", "status:unknown"],
      ["Containers that may use all memory there is", "service", "runtime:docker -container.memoryMiB:*"],
    ],
  },
  dependencies: {
    counted: { service: "stack,runtime", stack: "runtime" },
    questions: [
      ["Stacks", "stack", "name:*"],
      ["Services that wait for others", "service", "config.dependsOn:*"],
      ["Stacks with a failed service", "stack", "service.status:failed"],
      ["Machines that run guests", "target", "hypervisor.product:*"],
      ["Machines that run containers", "target", "engine.version:*"],
    ],
  },
}

const types = ["summary", "health", "security", "resources", "dependencies"] as const

/** What is judged, besides: each with its reasons, and the fields and events that these rest on. */
const judgements = { health, security } as const

/** Of the things that one question finds, and of the values of a field. */
const most = 5

export const generateFleetReport = tool({
  name: "generate_fleet_report",
  title: "Fleet report",
  description:
    "A report at any point in time: summary, health, security, resources or dependencies. Each section has a total, its first entries, and the query that search_fleet goes on with; what nobody has looked at is in no section.",
  uses: [count, search, drift, health, security, ...usesOfWrong],
  input: z.object({ report_type: z.enum(types).default("summary"), at }),
  output: z.object({
    at: pointShape,
    report: z.string(),
    counts: z.looseObject({}),
    sections: z.array(
      z.object({
        title: z.string(),
        kind: z.string(),
        query: z.string(),
        total: z.number(),
        items: z.array(z.looseObject({})),
      }),
    ),
    ...wrongShape,
    judged: z
      .looseObject({})
      .optional()
      .describe("Of health: the worst machines with the reasons; of security: findings"),
    drift: z.looseObject({}),
  }),
  async run(ask, { report_type: report, at: asked }) {
    const { counted, questions } = reports[report] ?? { counted: {}, questions: [] }
    const drifted = await ask<{ at: { time: string }; counts: JsonObject; items: JsonObject[] }>(drift, {
      limit: most,
      at: asked,
    })
    const point = asked ?? drifted.at.time
    const counts: Record<string, JsonObject> = {}
    for (const [kind, by] of Object.entries(counted)) counts[kind] = await countOf(ask, { kind, by, at: point })
    const sections = []
    for (const question of questions) sections.push(await answerOf(ask, question, point))
    return {
      at: drifted.at,
      report,
      counts,
      sections,
      ...(await whatIsWrong(ask, point)),
      ...(report in judgements && {
        judged: await judgedBy(ask, judgements[report as keyof typeof judgements], point),
      }),
      drift: { ...drifted.counts, items: drifted.items.map(known) },
    }
  },
})

async function countOf(ask: Ask, input: Record<string, string>): Promise<JsonObject> {
  const { total, counts } = await ask<{ total: number; counts: Record<string, readonly JsonObject[]> }>(count, input)
  const first = Object.entries(counts).map(([field, values]) => [field, values.slice(0, 2 * most)])
  return { total, ...Object.fromEntries(first) }
}

async function judgedBy(ask: Ask, operation: (typeof judgements)[keyof typeof judgements], point: string) {
  const { counts, items } = await ask<{ counts: JsonObject; items: JsonObject[] }>(operation, {
    limit: most,
    at: point,
  })
  return { ...counts, items: items.map(known) }
}

async function answerOf(ask: Ask, [title, kind, query]: Question, point: string) {
  const asked = { q: query, kind, at: point }
  const { items } = await ask<{ items: JsonObject[] }>(search, { ...asked, limit: most })
  // Most find nothing, or no more than is shown.
  const total =
    items.length < most ? items.length : (await ask<{ total: number }>(count, { ...asked, by: "status" })).total
  const shown = items.map(({ entity, target, status, health: score, role }) =>
    known({ entity, target, status, health: score, role }),
  )
  return { title, kind, query, total, items: shown }
}
