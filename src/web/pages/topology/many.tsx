/** A fleet that is too large to be drawn one by one: how many machines each part of it has and how these are, counted by the server. Opening a part narrows what is asked for. */
import { useSignal } from "@preact/signals"
import type { Answer } from "../../ask.js"
import { count } from "../../operations.js"
import { hrefOf } from "../../place.js"
import { Rest } from "../../parts/rest.js"
import { fieldIs, narrowed } from "../../query-text.js"
import { useAnswer } from "../../use-answer.js"
import { type Counts, healthText } from "./tree.js"

/** What it is split by: the first of these that splits it. */
export const splits = ["source", "role", "environment", "os"] as const

/** Each is a question of its own. */
const mostAtOnce = 24

interface ManyProps {
  readonly counts: Answer<NonNullable<typeof count.of>>["counts"]
  readonly q: string
}

export function Many({ counts, q }: ManyProps) {
  const shown = useSignal(mostAtOnce)
  const by = splits.find((one) => (counts[one]?.length ?? 0) > 1)
  const parts = by === undefined ? [] : (counts[by] ?? [])
  return (
    <>
      <p class="soft">
        {by === undefined
          ? "These are too many to be drawn: ask for some of them."
          : `Too many to be drawn at once, so by ${by}: open one to see what stands there.`}
      </p>
      <ul class="parts" aria-label={`Machines by ${by}`}>
        {parts.slice(0, shown.value).map(({ value }) => (
          <Part
            key={value}
            name={value ?? `no ${by}`}
            q={narrowed(q, value === null ? `-${by}:*` : fieldIs(by ?? "", value))}
          />
        ))}
      </ul>
      <Rest left={parts.length - shown.value} onMore={() => (shown.value += mostAtOnce)} />
    </>
  )
}

const bands = ["critical", "warning", "healthy", "unknown"] as const

function Part({ name, q }: { readonly name: string; readonly q: string }) {
  const { answer } = useAnswer(count, { kind: "target", q, by: "health" })
  const of = new Map(answer?.counts["health"]?.map(({ value, count: n }) => [value ?? "unknown", n]))
  const counts: Counts = {
    machines: answer?.total ?? 0,
    healthy: of.get("healthy") ?? 0,
    warning: of.get("warning") ?? 0,
    critical: of.get("critical") ?? 0,
    unknown: of.get("unknown") ?? 0,
  }
  const worst = bands.find((band) => counts[band] > 0) ?? "unknown"
  return (
    <li>
      <a class={`part ${worst}`} href={hrefOf("/topology", { q })}>
        <strong>{name}</strong>
        <span class="soft">{answer === undefined ? "…" : healthText(counts)}</span>
        <span class="share" aria-hidden="true">
          {bands.map((band) =>
            counts[band] === 0 ? null : <i key={band} class={band} style={{ flexGrow: counts[band] }} />,
          )}
        </span>
      </a>
    </li>
  )
}
