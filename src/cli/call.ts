/** Calling an operation from the command line. */
import { once } from "node:events"
import * as path from "node:path"
import { FleetError } from "#kernel/errors.js"
import type { CommandSpec } from "./commands.js"
import { complain } from "./complain.js"
import { contentOf, textOf } from "./files.js"
import { Interrupt } from "./interrupt.js"
import type { GlobalFlags } from "./program.js"
import { progressLine } from "./progress.js"
import { reach, serverOf } from "./reach.js"
import { renderer } from "./render.js"

/** @returns the exit code */
export async function call(
  spec: CommandSpec,
  input: Record<string, unknown>,
  flags: GlobalFlags,
  file?: string,
): Promise<number> {
  const texts = { ...withTexts(spec, input), ...(serverOf(flags) === undefined && withPaths(spec, input)) }
  const render = renderer(spec, flags)
  const body = file === undefined ? undefined : await contentOf(file)
  const interrupt = new Interrupt()
  const caller = await reach(flags, interrupt.signal, spec.endless)
  const progress = progressLine(process.stderr)
  try {
    if (spec.kind === "stream") {
      for await (const item of caller.follow(spec, texts, interrupt.signal)) render(item)
      return 0
    }
    if (spec.kind === "text") {
      for await (const piece of caller.read(spec, texts, interrupt.signal))
        if (!process.stdout.write(piece)) await once(process.stdout, "drain")
      return 0
    }
    const answer = await caller.invoke(spec, texts, interrupt.signal, progress.update, body)
    progress.clear()
    render(answer)
    return tellsOfFailure(answer) ? 1 : 0
  } catch (error) {
    progress.clear()
    if (interrupt.signal.aborted && (spec.kind === "stream" || spec.kind === "text" || isCancelled(error))) {
      complain(isCancelled(error) ? error : new FleetError("Cancelled", "cancelled"))
      return 130
    }
    throw error
  } finally {
    interrupt.ignore()
    await caller.close()
  }
}

function withTexts({ command }: CommandSpec, input: Record<string, unknown>): Record<string, unknown> {
  const texts = (command.files ?? []).flatMap((field) => {
    const given = input[field]
    return typeof given === "string" ? [[field, textOf(given, `--${field}`)]] : []
  })
  return { ...input, ...Object.fromEntries(texts) }
}

function withPaths({ command }: CommandSpec, input: Record<string, unknown>): Record<string, unknown> {
  const given = (command.paths ?? []).flatMap((field) => {
    const named = input[field]
    return typeof named === "string" ? [[field, path.resolve(named)]] : []
  })
  return Object.fromEntries(given)
}

function isCancelled(error: unknown): boolean {
  return error instanceof FleetError && error.code === "Cancelled"
}

/** A look that failed is an answer, and so is a dead letter that failed again, or what a receiver did not take; each is still a failure. */
function tellsOfFailure(answer: object): boolean {
  const isFailed = (part: { outcome?: string }) => part.outcome === "failed" || part.outcome === "refused"
  return (
    isFailed(answer) ||
    isWrong(answer) ||
    ("runs" in answer && Array.isArray(answer.runs) && answer.runs.some(isFailed))
  )
}

/** So is a ledger that is not what was signed. */
function isWrong(answer: object): boolean {
  return "ok" in answer && answer.ok === false
}
