/** From change to change along the time, of the fleet or of what is looked at. Whoever presses a key five times goes five steps, however long each takes. */
import { ask } from "../ask.js"
import { history, queryList } from "../operations.js"
import { at, travel } from "../place.js"

let last: Promise<void> = Promise.resolve()

export function step(direction: "back" | "forth", about: { readonly entity?: string }): void {
  last = last.then(() => stepOnce(direction, about)).catch(() => undefined)
}

async function stepOnce(direction: "back" | "forth", about: { readonly entity?: string }): Promise<void> {
  const here = at.peek()
  const position = await positionOf(here)
  const isBack = direction === "back"
  const around = isBack
    ? { until: `position:${here === undefined ? position : position - 1}`, order: "newest" as const }
    : { since: `position:${position}`, order: "oldest" as const }
  const [next] = (await ask(history, { ...about, ...around, limit: 1, at: "now" })).items
  if (next !== undefined) travel(`position:${next.position}`)
  else if (!isBack) travel(undefined)
}

async function positionOf(point: string | undefined): Promise<number> {
  const written = /^position:(\d+)$/.exec(point ?? "")?.[1]
  if (written !== undefined) return Number(written)
  return (await ask(queryList, point === undefined ? {} : { at: point })).at.position
}
