/** What happens now is followed while the page is open, so that what is shown at now is. A connection that drops says so, and everything is asked again when it is back. */
import { signal } from "@preact/signals"
import { isStranger } from "./ask.js"

export type Connection = "connecting" | "live" | "lost"

export const connection = signal<Connection>("connecting")
/** Grows whenever what is known of now may be other than it was. */
export const revision = signal(0)

/** A look can bring hundreds of changes; they are read together. */
const togetherMs = 400
/** What is no change of an entity (an alert, a look without findings) is seen by then. */
const atLatestMs = 30_000
const retryMs = [1_000, 2_000, 5_000, 10_000]
/** The server says every 15 s that it is there; a connection can break without anybody hearing of it. */
const silentMs = 45_000
const patienceMs = 10_000

let failures = 0
let source: EventSource | undefined
let due: ReturnType<typeof setTimeout> | undefined
let silence: ReturnType<typeof setTimeout> | undefined

export function refresh(): void {
  due ??= setTimeout(() => {
    due = undefined
    revision.value += 1
  }, togetherMs)
}

export function followChanges(): void {
  source?.close()
  const opened = new EventSource("/api/v1/changes/stream")
  source = opened
  hear()
  for (const sign of ["open", "here", "change"]) opened.addEventListener(sign, hear)
  opened.addEventListener("open", () => {
    if (connection.value === "lost") refresh()
    failures = 0
    connection.value = "live"
  })
  opened.addEventListener("change", refresh)
  // Browsers give up for good on an answer that is none; we do not.
  opened.addEventListener("error", () => {
    if (isStranger.value) return opened.close()
    lose()
    const wait = retryMs[Math.min(failures, retryMs.length - 1)]
    failures += 1
    setTimeout(() => void whenKnown(), wait)
  })
}

function hear(): void {
  clearTimeout(silence)
  silence = setTimeout(() => {
    lose()
    void whenKnown()
  }, silentMs)
}

function lose(): void {
  clearTimeout(silence)
  source?.close()
  connection.value = "lost"
}

/** A session that has ended looks to a stream like a server that is away. */
async function whenKnown(): Promise<void> {
  const answered = await fetch("/session", { signal: AbortSignal.timeout(patienceMs) }).catch(() => undefined)
  if (answered?.status === 401) isStranger.value = true
  else followChanges()
}

export function keepFresh(): void {
  // A browser that knows better than its streams.
  addEventListener("offline", lose)
  addEventListener("online", () => void whenKnown())
  setInterval(() => {
    if (connection.value === "live" && document.visibilityState === "visible") refresh()
  }, atLatestMs)
}
