/** What makes it easier for those who mean the fleet harm: the findings of `security`, and what queries find besides. */
import { type Severity, severities } from "#events/severity.js"
import { blame } from "#timeline/blame.js"
import { type FoundAt, findingsAt } from "#timeline/findings.js"
import type { Asked } from "./asked.js"
import { counted, mostFirst } from "./counts.js"
import { type Question, found, machineOf } from "./found.js"
import { severityTones } from "./over-time.js"
import { type Section, bars, section } from "./report.js"

const questions: readonly Question[] = [
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
]

export async function security(asked: Asked): Promise<readonly Section[]> {
  const findings = await findingsAt(asked.line.views, asked.point)
  const sections = [
    section("Findings by severity", {
      text: "What nobody has looked at is no finding, and no all-clear.",
      chart: bars(
        counted(findings, severities.toReversed(), ({ severity }) => severity),
        (severity) => severityTones[severity as Severity],
      ),
    }),
    section("Findings by rule", {
      chart: bars(mostFirst(counted(findings, [], ({ rule }) => rule)), "warning"),
    }),
    await severest(asked, findings),
  ]
  for (const question of questions) sections.push(await found(asked, question))
  return sections
}

async function severest(asked: Asked, findings: readonly FoundAt[]): Promise<Section> {
  const { line, point, most } = asked
  const rows = []
  for (const { rule, severity, entity, fact, path, records } of findings.slice(0, most)) {
    const positions = (await blame(line.views, records, point.position, path)).map((field) => field.position)
    const position = positions.length === 0 ? null : Math.max(...positions)
    rows.push({ severity, rule, of: entity, machine: await machineOf(asked, entity.id), fact, field: path, position })
  }
  const columns = ["severity", "rule", "of", "machine", "fact", "field", "position"]
  return section("Findings, severest first", { table: { columns, rows, total: findings.length } })
}
