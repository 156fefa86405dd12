/** Whether rules can be understood: every name in them, what they ask for and what they expect. */
import type { BaselineRule } from "#events/baseline.js"
import { FleetError } from "#kernel/errors.js"
import { WrongExpression, expressionOf } from "./expression.js"
import { conditionsOf } from "./where.js"

/** What is wrong with a rule, and where: in which of its members, at which character of it, from 1. */
export interface WrongRule {
  readonly index: number
  readonly key: "name" | "where" | "expect"
  readonly column: number
  readonly message: string
}

/** The first that is wrong. */
export async function wrongRule(rules: readonly BaselineRule[]): Promise<WrongRule | undefined> {
  const names = rules.map(({ name }) => name)
  for (const [index, { name, kind, where, expect }] of rules.entries()) {
    if (names.indexOf(name) !== index)
      return { index, key: "name", column: 1, message: `another rule is called "${name}"; names must differ` }
    try {
      expressionOf(kind, expect)
    } catch (error) {
      if (!(error instanceof WrongExpression)) throw error
      return { index, key: "expect", column: error.column, message: error.message }
    }
    try {
      await conditionsOf(where, [kind])
    } catch (error) {
      if (!(error instanceof FleetError) || error.kind !== "input") throw error
      const from = error.details["from"]
      const message = error.message.replace(/^character \d+ of the query: /, "")
      return { index, key: "where", column: typeof from === "number" ? from + 1 : 1, message }
    }
  }
  return undefined
}
