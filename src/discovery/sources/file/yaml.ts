/** A YAML document that knows on which line each of its values stands. */
import { LineCounter, type YAMLMap, isScalar, parseDocument, visit } from "yaml"
import { FleetError, messageOf } from "#kernel/errors.js"
import { wrong } from "./stated.js"

export interface Yaml {
  readonly value: unknown
  /** Whether it is a mapping with that key. */
  has(key: string): boolean
  /** `file:line` of the value at a path, or of what it would stand in. */
  at(path: readonly PropertyKey[]): string
}

/** @throws FleetError `SourceUnavailable` naming the line */
export function parseYaml(text: string, file: string): Yaml {
  try {
    const lines = new LineCounter()
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "silent",
      uniqueKeys: false,
    })
    const [problem] = document.errors
    const lineAt = (offset: number) => `${file}:${lines.linePos(offset).line}`
    // What follows tells programmers how to go on.
    if (problem !== undefined)
      throw wrong(lineAt(problem.pos[0]), `it is not YAML: ${problem.message.split(/[;\n]/)[0]}`)
    visit(document, {
      Map(_, map) {
        const twice = keyThatIsThereTwice(map)
        if (twice !== undefined) throw wrong(lineAt(twice.offset), `the key "${twice.key}" is there twice`)
      },
    })
    const value = document.toJS() as unknown
    return {
      value,
      has: (key) => isMapping(value) && Object.hasOwn(value, key),
      at(path) {
        for (let depth = path.length; depth >= 0; depth--) {
          const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined
          if (node?.range !== undefined) return lineAt(node.range[0])
        }
        return file
      },
    }
  } catch (error) {
    if (error instanceof FleetError) throw error
    // An alias of nothing, aliases of aliases without measure, or brackets within brackets.
    throw wrong(file, `it is not YAML: ${messageOf(error)}`)
  }
}

/** The library compares each key with each other one. */
function keyThatIsThereTwice({ items }: YAMLMap): { readonly key: string; readonly offset: number } | undefined {
  const keys = new Set<string>()
  for (const { key } of items) {
    if (!isScalar(key)) continue
    const name = String(key.value)
    if (keys.has(name)) return { key: name, offset: key.range?.[0] ?? 0 }
    keys.add(name)
  }
  return undefined
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
