/** Reads a scanner's report, once for as long as it stays the same: it may be large, and most looks find it as it was. */
import * as fs from "node:fs/promises"
import { type Instant, instant } from "#kernel/clock.js"
import { messageOf } from "#kernel/errors.js"
import type { Scan } from "./counts.js"

/** Why a report says nothing. */
export class Unusable extends Error {}

/** What it says, and when the file was written. @throws Unusable */
export type ScanFile = (signal: AbortSignal) => Promise<{ readonly scan: Scan; readonly changedAt: Instant }>

/** Beyond what is scanned of one machine; so much text is understood in half a second. */
const largest = 32 * 2 ** 20

type Outcome = { readonly scan: Scan } | { readonly why: string }

export function scanFile(file: string, understand: (text: string) => Scan): ScanFile {
  let last: { readonly state: string; readonly outcome: Outcome } | undefined
  return async (signal) => {
    const { state, changedAt } = await stateOf(file)
    if (last?.state !== state) last = { state, outcome: await outcomeOf(file, understand, signal) }
    if ("why" in last.outcome) throw new Unusable(last.outcome.why)
    return { scan: last.outcome.scan, changedAt }
  }
}

async function stateOf(file: string): Promise<{ readonly state: string; readonly changedAt: Instant }> {
  try {
    const found = await fs.stat(file)
    const { ino, size, mtimeMs } = found
    // A pipe would be waited for without end.
    if (!found.isFile()) throw new Error("it is not a file")
    if (size > largest) throw new Error("it is longer than 32 MiB")
    return { state: `${ino} ${size} ${mtimeMs}`, changedAt: instant(Math.floor(mtimeMs)) }
  } catch (cause) {
    throw new Unusable(`${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

async function outcomeOf(file: string, understand: (text: string) => Scan, signal: AbortSignal): Promise<Outcome> {
  try {
    return { scan: understand(await fs.readFile(file, { encoding: "utf8", signal })) }
  } catch (cause) {
    signal.throwIfAborted()
    return { why: `${file} is no report of the kind that it is to be: ${reasonOf(cause)}` }
  }
}

/** In one line, and without what the file holds. */
function reasonOf(cause: unknown): string {
  if (cause instanceof SyntaxError) return "it is not JSON"
  if (cause instanceof Error && cause.name === "ZodError") return "it is not as expected"
  return messageOf(cause)
}
