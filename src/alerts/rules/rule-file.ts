/** Rules of one's own as they are written in YAML, where they are tried before they are configured. */
import * as z from "zod"
import { type OwnRule, ownRule } from "#config/alerts.js"
import { firstIssue, rulesInYaml, wrongAt } from "#drift/rules-file.js"
import { wrongQuery } from "./own.js"

const list = z.array(ownRule).min(1, "at least one rule").max(100)

/** @throws FleetError `InvalidInput`: where it is wrong, and what is allowed there */
export async function ownRulesIn(text: string): Promise<readonly OwnRule[]> {
  const file = rulesInYaml(text)
  const result = list.safeParse(file.rules)
  if (!result.success) throw firstIssue(file, result.error, Object.keys(ownRule.shape))
  for (const [index, rule] of result.data.entries()) {
    const wrong = await wrongQuery(rule)
    if (wrong === undefined) continue
    const place = wrong.key === "where" ? file.placeIn({ index, ...wrong }) : file.placeOf([index, "resolve", "where"])
    throw wrongAt(place, wrong.message)
  }
  return result.data
}
