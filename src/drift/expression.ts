/**
 * What a rule expects, in CEL: read, checked against what there can be in a document, and taken apart, so that it can be said of which field and of which item it is not so.
 *
 * Every operand of a top-level `&&` is judged by itself, and `collection.all(k, …)` of each item. An expression is bounded: by its length and its nodes when it is read; one
 * that goes through collections inside each other, or matches patterns, by time when it is run.
 */
import * as vm from "node:vm"
import { type ASTNode, Environment, EvaluationError, ParseError, TypeError as CelTypeError } from "@marcbachmann/cel-js"
import { serialize } from "@marcbachmann/cel-js/serialize"
import type { JsonObject } from "#kernel/json.js"
import { messageOf } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import { escapeKey } from "#kernel/pointer.js"
import type { Kind } from "#projections/inventory/read.js"
import { LookedAt, NeverLookedAt, type Read, subjectOf } from "./looked-at.js"
import { type Shape, documentShape } from "./shape.js"

/** What is wrong in an expression, and at which character, from 1. */
export class WrongExpression extends Error {
  readonly column: number
  constructor(message: string, column: number) {
    super(message)
    this.column = column
  }
}

/** What is not so, or cannot be said. What is so has none. */
export interface Finding {
  readonly verdict: "drift" | "unknown"
  /** Pointer to what it is about; empty for the whole. */
  readonly field: string
  /** Why it cannot be said. */
  readonly why?: string
}

export interface Expression {
  /** The top-level members of a document that it reads. */
  readonly facets: readonly string[]
  /** Of those that are collections and of which it asks for items by their keys alone: which. A machine has hundreds of packages. */
  readonly items: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether it may take long: it goes through collections inside each other, or matches patterns. */
  readonly isDear: boolean
  judge(document: JsonObject): readonly Finding[]
}

const limits = { maxAstNodes: 500, maxDepth: 50, maxListElements: 300, maxMapEntries: 50, maxCallArguments: 8 }
/** Of one operand, at one entity. */
const longestMs = 100
/** Compiling takes a millisecond, and the same few are judged again and again. */
const mostRemembered = 1_000

const remembered = new Map<string, Expression>()

/** @throws WrongExpression */
export function expressionOf(kind: Kind, text: string): Expression {
  const key = `${kind} ${text}`
  const known = remembered.get(key)
  if (known !== undefined) return known
  const expression = compiled(kind, text)
  if (remembered.size >= mostRemembered) remembered.clear()
  remembered.set(key, expression)
  return expression
}

type Run = (context: Map<string, unknown>) => unknown

interface Operand {
  readonly run: Run
  /** Of which collection each item is judged, and what its key is called. */
  readonly each?: { readonly steps: readonly string[]; readonly variable: string }
}

function compiled(kind: Kind, text: string): Expression {
  const shape = documentShape(kind)
  const { ast } = parsed(environmentOf(shape), text, shape)
  const used = new Set<string>()
  inspect(ast, shape, new Set(), used)
  const operands = conjuncts(ast).map((node) => operandOf(node, shape))
  return {
    facets: [...used],
    items: itemsOf(ast, shape),
    isDear: isDear(ast, false),
    judge: (document) => operands.flatMap((operand) => judged(operand, document, shape)),
  }
}

function environmentOf(shape: Shape, ...variables: readonly string[]): Environment {
  const environment = new Environment({ limits, homogeneousAggregateLiterals: false })
  for (const name of [...shape.members, ...variables]) environment.registerVariable(name, "dyn")
  return environment
}

function parsed(environment: Environment, text: string, shape: Shape) {
  try {
    const program = environment.parse(text)
    const { valid, type, error } = program.check()
    if (!valid && error !== undefined) throw error
    if (type !== "bool" && type !== "dyn") throw new WrongExpression(`it is a ${type}, and has to be true or false`, 1)
    return program
  } catch (error) {
    throw wrong(error, shape)
  }
}

function wrong(error: unknown, shape: Shape): unknown {
  const isOfLanguage = error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError
  if (!isOfLanguage) return error
  const column = (error.range?.start ?? 0) + 1
  const unknown = /^Unknown variable: (\S+)$/.exec(error.summary)?.[1]
  return unknown === undefined
    ? new WrongExpression(sentence(error.summary), column)
    : new WrongExpression(`there is no "${unknown}"; ${hint(unknown, shape.members)}`, column)
}

function sentence(summary: string): string {
  return summary.charAt(0).toLowerCase() + summary.slice(1)
}

function hint(given: string, members: readonly string[]): string {
  const near = nearest(given, members)
  return near === undefined ? `there are ${members.join(", ")}` : `did you mean "${near}"?`
}

const loops = new Set(["all", "exists", "exists_one", "map", "filter"])

function calledBy(node: ASTNode): string | undefined {
  return node.op === "call" || node.op === "rcall" ? node.args[0] : undefined
}

function operandsOf(node: ASTNode): readonly ASTNode[] {
  const nodes: ASTNode[] = []
  const collect = (part: unknown): void => {
    if (Array.isArray(part)) for (const each of part) collect(each)
    else if (typeof part === "object" && part !== null && "op" in part) nodes.push(part as ASTNode)
  }
  collect(node.args)
  return nodes
}

/**
 * Refuses fields that there cannot be, and `has`, which is true of what was looked at and is not there.
 * @param variables that hide what is called so
 * @returns what stands where the node points to, where that is known
 */
function inspect(node: ASTNode, document: Shape, variables: ReadonlySet<string>, used: Set<string>): Shape | undefined {
  if (node.op === "id") {
    if (variables.has(node.args)) return undefined
    used.add(node.args)
    return document.at(node.args)
  }
  if (node.op === ".") {
    const [holder, name] = node.args
    return member(inspect(holder, document, variables, used), name, node.range.end - name.length + 1)
  }
  if (node.op === "[]") {
    const [holder, key] = node.args
    const shape = inspect(holder, document, variables, used)
    inspect(key, document, variables, used)
    if (key.op === "value" && typeof key.args === "string" && shape?.is === "object")
      return member(shape, key.args, key.range.start + 1)
    return shape?.is === "collection" ? shape.at("") : undefined
  }
  const name = calledBy(node)
  if (name === "has") {
    throw new WrongExpression(
      'what was looked at and is not there is null: write "!= null" instead of has()',
      node.range.start + 1,
    )
  }
  const nodes = operandsOf(node)
  const isLoop = node.op === "rcall" && loops.has(node.args[0])
  const [variable] = isLoop ? node.args[2] : []
  const inside = variable?.op === "id" ? new Set([...variables, variable.args]) : variables
  for (const [index, each] of nodes.entries()) {
    if (each !== variable) inspect(each, document, index === 0 ? variables : inside, used)
  }
  return undefined
}

function member(shape: Shape | undefined, name: string, column: number): Shape | undefined {
  if (shape === undefined) return undefined
  const found = shape.is === "collection" ? undefined : shape.at(name)
  if (found !== undefined) return found
  const why =
    shape.is === "collection"
      ? 'items of a collection are asked for by their keys, like sockets["tcp:22"]'
      : hint(name, shape.members)
  throw new WrongExpression(`there is no field "${name}" there; ${why}`, column)
}

function itemsOf(ast: ASTNode, document: Shape): ReadonlyMap<string, ReadonlySet<string>> {
  const [items, whole] = [new Map<string, Set<string>>(), new Set<string>()]
  const visit = (node: ASTNode): void => {
    const [one, other] = node.op === "in" ? node.args.toReversed() : node.op === "[]" ? node.args : []
    if (one?.op === "id" && other?.op === "value" && typeof other.args === "string") {
      const keys = items.get(one.args)
      if (keys === undefined) items.set(one.args, new Set([other.args]))
      else keys.add(other.args)
    } else if (node.op === "id") whole.add(node.args)
    else for (const each of operandsOf(node)) visit(each)
  }
  visit(ast)
  return new Map([...items].filter(([name]) => document.at(name)?.is === "collection" && !whole.has(name)))
}

function conjuncts(node: ASTNode): readonly ASTNode[] {
  return node.op === "&&" ? node.args.flatMap(conjuncts) : [node]
}

function operandOf(node: ASTNode, shape: Shape): Operand {
  const steps = node.op === "rcall" && node.args[0] === "all" ? stepsTo(node.args[1]) : undefined
  const [variable, body] = node.op === "rcall" ? node.args[2] : []
  if (steps === undefined || variable?.op !== "id" || body === undefined || !isCollection(shape, steps))
    return { run: runOf(node, shape) }
  return { run: runOf(body, shape, variable.args), each: { steps, variable: variable.args } }
}

function isCollection(shape: Shape, steps: readonly string[]): boolean {
  let at: Shape | undefined = shape
  for (const step of steps) at = at?.at(step)
  return at?.is === "collection"
}

/** Names from the document down; undefined where it is more than names. */
function stepsTo(node: ASTNode): readonly string[] | undefined {
  if (node.op === "id") return [node.args]
  if (node.op !== ".") return undefined
  const holder = stepsTo(node.args[0])
  return holder && [...holder, node.args[1]]
}

function runOf(node: ASTNode, shape: Shape, ...variables: readonly string[]): Run {
  // The range of a node does not reach over the brackets that end it.
  const program = environmentOf(shape, ...variables).parse(serialize(node))
  const run: Run = (context) => program(context)
  return isDear(node, false) ? inTime(run) : run
}

/** Whether it may take much longer than what it goes through is long. */
function isDear(node: ASTNode, isInLoop: boolean): boolean {
  const name = calledBy(node)
  if (name === "matches" || name === "bind") return true
  const isLoop = name !== undefined && loops.has(name)
  return (isLoop && isInLoop) || operandsOf(node).some((each) => isDear(each, isInLoop || isLoop))
}

const bounded: vm.Context & { run?: () => unknown } = vm.createContext({})
const script = new vm.Script("run()")

function inTime(run: Run): Run {
  return (context) => {
    bounded.run = () => run(context)
    try {
      return script.runInContext(bounded, { timeout: longestMs }) as unknown
    } finally {
      delete bounded.run
    }
  }
}

function judged(operand: Operand, document: JsonObject, shape: Shape): readonly Finding[] {
  const { each } = operand
  if (each === undefined) return [...judgedOnce(operand, document, shape)]
  const collection = within(document, each.steps, shape)
  if (!(collection instanceof Map)) return [undecided(collection)]
  const path = `/${each.steps.join("/")}`
  return [...collection.keys()].flatMap((key: string) => {
    const findings = judgedOnce(operand, document, shape, new Map([[each.variable, key]]))
    return findings.map((finding) => ({ ...finding, field: `${path}/${escapeKey(key)}` }))
  })
}

/** A collection, or the path at which nobody has looked for it. */
function within(document: JsonObject, steps: readonly string[], shape: Shape): Map<string, unknown> | string {
  let holder: unknown = new LookedAt(document, shape, [])
  try {
    for (const step of steps) holder = (holder as Map<string, unknown>).get(step)
  } catch (error) {
    if (error instanceof NeverLookedAt) return error.path
    throw error
  }
  return holder instanceof Map ? (holder as Map<string, unknown>) : `/${steps.join("/")}`
}

function judgedOnce(
  { run }: Operand,
  document: JsonObject,
  shape: Shape,
  variables: ReadonlyMap<string, unknown> = new Map(),
): readonly Finding[] {
  const reads: Read[] = []
  const root = new LookedAt(document, shape, reads)
  const context = new Map<string, unknown>()
  context.get = (name) => (variables.has(name) ? variables.get(name) : root.get(name))
  try {
    const value = run(context)
    if (value === true) return []
    const field = subjectOf(reads)
    if (value === false) return [{ verdict: "drift", field }]
    return [{ verdict: "unknown", field, why: "what is expected is neither true nor false here" }]
  } catch (error) {
    return [whyUnknown(error, subjectOf(reads))]
  }
}

function whyUnknown(error: unknown, field: string): Finding {
  const cause = error instanceof EvaluationError && error.cause !== undefined ? error.cause : error
  if (cause instanceof NeverLookedAt) return undecided(cause.path)
  if (cause instanceof EvaluationError) return { verdict: "unknown", field, why: sentence(cause.summary) }
  // It is none of this realm's errors.
  const code = (cause as { readonly code?: unknown } | undefined)?.code
  if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
    return { verdict: "unknown", field, why: `it takes longer than ${longestMs} ms to find out` }
  return { verdict: "unknown", field, why: messageOf(cause) }
}

function undecided(path: string): Finding {
  return { verdict: "unknown", field: path, why: "nobody has looked at it" }
}
