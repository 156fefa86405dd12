/** Reports as the operation makes them. */
import type { Fleet } from "#fleet.js"
import { read } from "#operations/invoke.js"
import { report } from "#operations/report.js"
import type { Report, Section } from "#reports/report.js"

export async function reported(fleet: Fleet, input: Record<string, unknown>): Promise<string> {
  const principal = { name: "user:ada", scope: "admin" as const }
  const call = { fleet, principal, signal: new AbortController().signal, progress: () => {} }
  const { pieces } = await read(report, call, input)
  let text = ""
  for await (const piece of pieces) text += piece
  return text
}

export async function reportOn(fleet: Fleet, kind: string, input: Record<string, unknown> = {}): Promise<Report> {
  return JSON.parse(await reported(fleet, { kind, format: "json", ...input })) as Report
}

/** The section of that title. */
export function sectionOf({ sections }: Report, title: string): Section {
  const found = sections.find((section) => section.title === title)
  if (found === undefined) throw new Error(`no section "${title}" among ${sections.map((one) => one.title).join(", ")}`)
  return found
}
