/** Rules as they are written in YAML: a list of them, or `rules:` and a list. What is wrong is said with its line and column, and the nearest that is right. */
import { createRequire } from "node:module"
import type * as yaml from "yaml"
import * as z from "zod"
import { type BaselineRule, baselineRule } from "#events/baseline.js"
import { FleetError } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import { type WrongRule, wrongRule } from "./check-rules.js"

/** Of the text, in characters. */
export const longestFile = 500_000

const ruleList = z.array(baselineRule).min(1, "at least one rule").max(1_000)

/** @throws FleetError `InvalidInput`: where it is wrong, and what is allowed there */
export async function rulesIn(text: string): Promise<readonly BaselineRule[]> {
  const file = rulesInYaml(text)
  const result = ruleList.safeParse(file.rules)
  if (!result.success) throw firstIssue(file, result.error, Object.keys(baselineRule.shape))
  const wrong = await wrongRule(result.data)
  if (wrong !== undefined) throw wrongAt(file.placeIn(wrong), messageOf(wrong, result.data))
  return result.data
}

/** As it is said where there are no lines: of which rule, and where in it. */
export function messageOf({ index, key, column, message }: WrongRule, rules: readonly BaselineRule[]): string {
  const text = rules[index]?.[key] ?? ""
  const place = column > 1 ? `, character ${column} of ${JSON.stringify(text.slice(0, 100))}` : ""
  return `"${key}" of the rule "${rules[index]?.name ?? index}"${place}: ${message}`
}

interface Place {
  readonly line: number
  readonly column: number
}

interface File {
  readonly rules: unknown
  placeOf(path: readonly PropertyKey[]): Place
  /** @param wrong `column` of the text that stands under the key */
  placeIn(wrong: Pick<WrongRule, "index" | "column"> & { readonly key: string }): Place
}

/** A list, or `rules:` and a list, with where each thing stands in the text. @throws FleetError `InvalidInput` for what is no YAML */
export function rulesInYaml(text: string): File {
  const { LineCounter, isMap, isScalar, parseDocument } = createRequire(import.meta.url)("yaml") as typeof yaml
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): Place => {
    const { line, col: column } = lines.linePos(offset)
    return { line, column }
  }
  const [problem] = document.errors
  if (problem !== undefined) throw wrongAt(at(problem.pos[0]), `it is not YAML: ${problem.message.split(";")[0]}`)
  const wrapped = isMap(document.contents) && document.has("rules")
  const base = wrapped ? ["rules"] : []
  const nodeAt = (path: readonly PropertyKey[]): unknown => document.getIn([...base, ...path], true)
  /** Of the node, or of what it would be in. */
  const placeOf = (path: readonly PropertyKey[]): Place => {
    for (let steps = path; ; steps = steps.slice(0, -1)) {
      const range = (nodeAt(steps) as { readonly range?: readonly number[] } | undefined)?.range
      if (range !== undefined) return at(range[0] ?? 0)
      if (steps.length === 0) return { line: 1, column: 1 }
    }
  }
  let input: unknown
  try {
    input = document.toJS() as unknown
  } catch {
    // An alias of nothing, or aliases of aliases without measure.
    throw wrongAt({ line: 1, column: 1 }, "it is not YAML that can be read")
  }
  return {
    rules: wrapped ? (input as { readonly rules: unknown }).rules : input,
    placeOf,
    placeIn({ index, key, column }) {
      const place = placeOf([index, key])
      const node = nodeAt([index, key])
      // Only a text that stands there as it is read has the same characters in the same places.
      if (!isScalar(node) || node.type === "BLOCK_FOLDED" || node.type === "BLOCK_LITERAL") return place
      return { ...place, column: place.column + column - (node.type === "PLAIN" ? 1 : 0) }
    },
  }
}

/** @param keys that a rule may have */
export function firstIssue(file: File, { issues: [issue] }: z.ZodError, keys: readonly string[]): FleetError {
  if (issue === undefined) return wrongAt(file.placeOf([]), "it is wrong")
  const path = issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path
  return wrongAt(file.placeOf(path), sentence(issue, keys))
}

function sentence(issue: z.core.$ZodIssue, keys: readonly string[]): string {
  const key = issue.path.at(-1)
  if (issue.code === "unrecognized_keys") {
    const given = issue.keys[0] ?? ""
    const near = nearest(given, keys)
    const hint = near === undefined ? `a rule has ${keys.join(", ")}` : `did you mean "${near}"?`
    return `there is no key "${given}" in a rule; ${hint}`
  }
  return typeof key === "string" ? `"${key}" is wrong: ${issue.message}` : `it is wrong: ${issue.message}`
}

export function wrongAt({ line, column }: Place, message: string): FleetError {
  return new FleetError("InvalidInput", `line ${line}, column ${column}: ${message}`, { details: { line, column } })
}
