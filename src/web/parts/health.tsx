/** How something is doing: a score with its bar, or a state with its dot. Never by colour alone. */

/** As the operation `health` draws the bounds. */
export function healthOf(score: number | null): "healthy" | "warning" | "critical" | "unknown" {
  if (score === null) return "unknown"
  return score >= 0.7 ? "healthy" : score < 0.3 ? "critical" : "warning"
}

export function Score({ score }: { readonly score: number | null }) {
  const status = healthOf(score)
  return (
    <span class={`score ${status}`} title={status} style={{ "--part": `${(score ?? 0) * 100}%` }}>
      {score === null ? "–" : Math.round(score * 100)}
      <i />
    </span>
  )
}

export function State({ state }: { readonly state: string | null }) {
  return state === null ? <span class="soft">–</span> : <span class={`state ${state}`}>{state}</span>
}
