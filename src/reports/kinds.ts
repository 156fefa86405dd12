/** Which reports there are. */
import { access } from "./access.js"
import type { Point } from "#kernel/point.js"
import type { Asked, AskedOfPeriod } from "./asked.js"
import { changes } from "./changes.js"
import { coverage } from "./coverage.js"
import { dependencies } from "./dependencies.js"
import { drift } from "./drift.js"
import { health } from "./health.js"
import type { Report, Section } from "./report.js"
import { resources } from "./resources.js"
import { security } from "./security.js"
import { summary } from "./summary.js"

/** Each reads what there is and tells it. It has no data and no rules of its own. */
type KindOfReport = { readonly title: string } & (
  | { readonly ofPeriod: false; readonly make: (asked: Asked) => Promise<readonly Section[]> }
  | { readonly ofPeriod: true; readonly make: (asked: AskedOfPeriod) => Promise<readonly Section[]> }
)

const reports = {
  summary: { title: "The fleet", ofPeriod: true, make: summary },
  health: { title: "Health of the fleet", ofPeriod: true, make: health },
  security: { title: "Security of the fleet", ofPeriod: false, make: security },
  resources: { title: "Resources of the fleet", ofPeriod: false, make: resources },
  dependencies: { title: "Dependencies within the fleet", ofPeriod: false, make: dependencies },
  drift: { title: "Drift of the fleet", ofPeriod: false, make: drift },
  changes: { title: "Changes of the fleet", ofPeriod: true, make: changes },
  coverage: { title: "What discovery covers", ofPeriod: true, make: coverage },
  access: { title: "Who exported, administered and was refused", ofPeriod: true, make: access },
} as const satisfies Readonly<Record<string, KindOfReport>>

export type ReportKind = keyof typeof reports
export const reportKinds = Object.keys(reports) as readonly ReportKind[]

export function isOfPeriod(kind: ReportKind): boolean {
  return reports[kind].ofPeriod
}

/** @param begin of the period; where a report is about a point alone it is not asked for */
export async function reportOf(name: ReportKind, asked: Asked, begin: () => Promise<Point>): Promise<Report> {
  const kind: KindOfReport = reports[name]
  const since = kind.ofPeriod ? await begin() : null
  const sections = kind.ofPeriod ? await kind.make({ ...asked, begin: since as Point }) : await kind.make(asked)
  return { report: name, title: kind.title, at: asked.point, since, sections }
}
