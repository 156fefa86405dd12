/** Which reports there are. */
import type { Asked, Make } from "./asked.js"
import { health } from "./health.js"
import type { Report } from "./report.js"
import { summary } from "./summary.js"

interface KindOfReport {
  readonly title: string
  /** Whether it is about a period, too. */
  readonly ofPeriod: boolean
  readonly make: Make
}

const reports = {
  summary: { title: "The fleet", ofPeriod: true, make: summary },
  health: { title: "Health of the fleet", ofPeriod: true, make: health },
} as const satisfies Readonly<Record<string, KindOfReport>>

export type ReportKind = keyof typeof reports
export const reportKinds = Object.keys(reports) as readonly ReportKind[]

export function isOfPeriod(kind: ReportKind): boolean {
  return reports[kind].ofPeriod
}

export async function reportOf(kind: ReportKind, asked: Asked): Promise<Report> {
  const { title, make }: KindOfReport = reports[kind]
  const { point: at, since } = asked
  return { report: kind, title, at, since, sections: await make(asked) }
}
