/** Prompts: usual jobs, said so that an agent does them by the tools there are, and cites what it found. */
import type { McpServer } from "@modelcontextprotocol/server"
import * as z from "zod"
import { notice } from "./untrusted.js"

const moment = z.string().min(1).max(100)

export function addPrompts(server: McpServer): void {
  server.registerPrompt(
    "daily_review",
    {
      title: "Review what changed",
      description: "What happened in the fleet since a point in time, and what of it needs somebody",
      argsSchema: z.object({ since: moment.optional().describe("Point in time; -1d without it") }),
    },
    ({ since = "-1d" }) =>
      said(`Review the fleet since ${quoted(since)}.
1. get_fleet_overview now and with at=${quoted(since)}: what is different in counts and health.
2. diff_inventory from ${quoted(since)}, then explain_change since ${quoted(since)} with severity "warning": what happened, and who did it.
3. get_unhealthy_targets and find_stale_targets: what is wrong now.
Say first what needs a person today, then what changed and is fine, in few words.`),
  )
  server.registerPrompt(
    "find_the_cause",
    {
      title: "Find the change that broke it",
      description: "Which change may have caused what was noticed at a time",
      argsSchema: z.object({
        symptom: z.string().min(1).max(1_000),
        noticed: moment.optional().describe("Point in time; now without it"),
        entity: z.string().max(1_100).optional().describe("Name or id of the machine or service, if it is known"),
      }),
    },
    ({ symptom, noticed = "now", entity }) =>
      said(`Somebody noticed at ${quoted(noticed)}: ${quoted(symptom)}.${entity === undefined ? "" : ` It is about ${quoted(entity)}.`}
1. ${entity === undefined ? "Find what it is about with search_fleet." : `show_entity of it with at=${quoted(noticed)}: what it is, runs on and depends on.`}
2. explain_change of it, and of what it runs on, until ${quoted(noticed)}, newest first; widen in time until something could explain it.
3. diff_inventory of it between a time when it worked and ${quoted(noticed)}.
Rank the candidates, each with what speaks for and against it. Say so if none does.`),
  )
  server.registerPrompt(
    "after_deployment",
    {
      title: "Judge a deployment",
      description: "What a deployment changed since a snapshot that was taken before it, and whether that is good",
      argsSchema: z.object({ snapshot: moment.describe("Name of the snapshot") }),
    },
    ({ snapshot }) =>
      said(`Judge what was deployed since the snapshot ${quoted(snapshot)}.
1. compare_snapshots with snapshot_a=${quoted(snapshot)}: health before and after, losses, what got worse.
2. diff_inventory from ${quoted(`snapshot:${snapshot}`)}: which fields; separate what was meant from what was not.
3. explain_change for whatever nobody expected.
Conclude: keep, watch or go back, and why.`),
  )
  server.registerPrompt(
    "evidence",
    {
      title: "Evidence for an auditor",
      description: "What was true and what changed in a period, with what proves it",
      argsSchema: z.object({
        from: moment.describe("Point in time"),
        to: moment.optional().describe("Point in time; now without it"),
        query: z.string().max(2_000).optional().describe("What it is about, as in search_fleet"),
      }),
    },
    ({ from, to = "now", query }) =>
      said(`Collect evidence for the time from ${quoted(from)} to ${quoted(to)}${query === undefined ? "" : `, of what ${quoted(query)} asks for`}.
1. verify_history: whether the record holds; give its root and how many events it covers. Stop if it does not.
2. The state at both ends: search_fleet with at, following \`next\` to the end.
3. diff_inventory between them, following \`next\`; explain_change for each change that matters.
Name what was not looked at in that time (sources, stale machines): evidence has gaps, and they are part of it.`),
  )
}

function said(task: string) {
  const text = `${task}\nCite position and event id with each statement, and the point in time that it is true at. ${notice}`
  return { messages: [{ role: "user" as const, content: { type: "text" as const, text } }] }
}

/** What somebody gave, as a text that ends where it ends. */
function quoted(text: string): string {
  return JSON.stringify(text)
}
