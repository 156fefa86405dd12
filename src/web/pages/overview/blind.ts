/** Which sources cannot see all there is, and why: what they say nothing of is not known to be well. */
import type { Answer } from "../../ask.js"
import type { status } from "../../operations.js"

type Source = Answer<NonNullable<typeof status.of>>["sources"][number]

export interface Blind {
  readonly name: string
  readonly why: string
  readonly lastSeen: string | null
}

interface Run {
  readonly outcome?: string
  readonly message?: string
  readonly coverage?: {
    readonly failed?: readonly { readonly message?: string }[]
    readonly notLooked?: Readonly<Record<string, string>>
  }
}

export function blindOf(sources: readonly Source[]): readonly Blind[] {
  return sources.flatMap(({ name, lastSeen, run, failures }) => {
    const why = reasonIn(run, failures)
    return why === undefined ? [] : [{ name, why, lastSeen }]
  })
}

function reasonIn(run: Run | null, failures: number): string | undefined {
  if (run === null) return "was never looked at"
  if (run.outcome !== "completed") return run.message ?? `the last look ${run.outcome ?? "failed"}`
  const failed = run.coverage?.failed ?? []
  const more = failures - failed.length
  if (failed.length > 0)
    return `${failed.map(({ message }) => message ?? "").join("; ")}${more > 0 ? ` and ${more} more` : ""}`
  const hidden = Object.entries(run.coverage?.notLooked ?? {}).filter(([, why]) => !why.includes("next look"))
  return hidden.length === 0 ? undefined : hidden.map(([what, why]) => `${what.slice(1)}: ${why}`).join("; ")
}
