/** What a look saw and what not, and why. */
import type { Answer } from "../../ask.js"
import type { status } from "../../operations.js"
import { many } from "../../parts/many.js"

type Told = Answer<NonNullable<typeof status.of>>["sources"][number]["run"]

interface Run {
  readonly outcome?: string
  readonly code?: string
  readonly message?: string
  readonly targets?: number
  readonly services?: number
  readonly changes?: number
  readonly coverage?: {
    readonly rights?: string
    readonly failed?: readonly { readonly target: string; readonly message?: string }[]
    readonly notLooked?: Readonly<Record<string, string>>
  }
}

export const mostFailures = 6

export interface CoverageProps {
  readonly run: Told
  /** Machines that it could not look at, where not all of them are named. */
  readonly failures?: number
}

export function Coverage({ run, failures = 0 }: CoverageProps) {
  const { outcome, code, message, targets, services, coverage } = (run ?? {}) as Run
  if (outcome === undefined) return <span class="soft">nothing yet</span>
  if (outcome === "failed")
    return (
      <>
        <span class="tag critical">failed</span> {message ?? code}
      </>
    )
  const failed = coverage?.failed ?? []
  const hidden = Object.entries(coverage?.notLooked ?? {})
  return (
    <>
      <p>
        {many(targets ?? 0, "machine")}, {many(services ?? 0, "service")}, as {coverage?.rights ?? "somebody"}
      </p>
      {failed.length === 0 && hidden.length === 0 ? null : (
        <ul class="soft">
          {failed.slice(0, mostFailures).map(({ target, message: why }) => (
            <li key={target}>
              <span class="tag warning">not reached</span> {target}: {why}
            </li>
          ))}
          {hidden.slice(0, mostFailures).map(([what, why]) => (
            <li key={what}>
              <span class="path">{what}</span> {why}
            </li>
          ))}
          {Math.max(failures, failed.length) > mostFailures || hidden.length > mostFailures ? (
            <li>and more: fleet-ledger status</li>
          ) : null}
        </ul>
      )}
    </>
  )
}
