/** Calling an operation from the command line: on a server that was named, through the one that owns the data folder, or on the folder itself. */
import { once } from "node:events"
import { loadConfig } from "#config/load.js"
import { FleetError } from "#kernel/errors.js"
import { folderAt } from "../folder.js"
import type { Caller } from "./caller.js"
import type { CommandSpec } from "./commands.js"
import { complain } from "./complain.js"
import { contentOf, textOf } from "./files.js"
import { Interrupt } from "./interrupt.js"
import type { GlobalFlags } from "./program.js"
import { progressLine } from "./progress.js"
import { remoteCaller, socketCaller, somebodyAnswers } from "./remote.js"
import { renderer } from "./render.js"

/** @returns the exit code */
export async function call(
  spec: CommandSpec,
  input: Record<string, unknown>,
  flags: GlobalFlags,
  file?: string,
): Promise<number> {
  const texts = withTexts(spec, input)
  const render = renderer(spec, flags)
  const body = file === undefined ? undefined : await contentOf(file)
  const interrupt = new Interrupt()
  const caller = await callerFor(spec, flags, interrupt.signal)
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
      complain(new FleetError("Cancelled", "cancelled"))
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

function isCancelled(error: unknown): boolean {
  return error instanceof FleetError && error.code === "Cancelled"
}

/** A look that failed is an answer, and so is a dead letter that failed again; each is still a failure. */
function tellsOfFailure(answer: object): boolean {
  const isFailed = (part: { outcome?: string }) => part.outcome === "failed"
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

async function callerFor(spec: CommandSpec, flags: GlobalFlags, signal: AbortSignal): Promise<Caller> {
  const server = flags.server ?? (process.env["FLEET_LEDGER_SERVER"] || undefined)
  if (server !== undefined) return remoteCaller(server, process.env["FLEET_LEDGER_TOKEN"])
  const config = loadConfig(flags, process.env)
  const { socket } = folderAt(config.data)
  const patience = Date.now() + 30_000
  for (;;) {
    if (await somebodyAnswers(socket)) return socketCaller(socket)
    if (spec.endless) {
      // Whoever works on the folder alone would be the only one to record anything, and does nothing but wait.
      throw new FleetError(
        "SourceUnavailable",
        `no server works on ${config.data}, so there is nothing to follow; "fleet-ledger serve" starts one, "fleet-ledger history" lists what there is`,
      )
    }
    try {
      const { localCaller } = await import("./local.js")
      return await localCaller(config)
    } catch (error) {
      // Another command is at work on the folder, or a server is just starting: it will not be long.
      const inUse = error instanceof FleetError && error.code === "FolderInUse"
      if (!inUse || signal.aborted || Date.now() > patience) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
