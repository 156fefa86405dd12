/** What happens now is followed while the page is open, so that what is shown at now is. A connection that drops says so, and everything is asked again when it is back. */
import { signal } from "@preact/signals"
import { isStranger } from "./answers.js"

export type Connection = "connecting" | "live" | "lost"

export const connection = signal<Connection>("connecting")
/** Grows whenever what is known of now may be other than it was. */
export const revision = signal(0)

/** A look can bring hundreds of changes; they are read together. */
const togetherMs = 400
/** What leaves nothing in the ledger (a look without findings) is seen by then. */
const atLatestMs = 30_000
const retryMs = [1_000, 2_000, 5_000, 10_000]
/** The server says every 15 s that it is there; a connection can break without anybody hearing of it. */
const silentMs = 45_000

/** Asks who is looking, and how far the ledger is. @throws Refused, TypeError */
type Meet = () => Promise<number>

let failures = 0
let meet: Meet | undefined
let source: EventSource | undefined
let due: ReturnType<typeof setTimeout> | undefined
let silence: ReturnType<typeof setTimeout> | undefined
let next: ReturnType<typeof setTimeout> | undefined

export function refresh(): void {
  due ??= setTimeout(() => {
    due = undefined
    revision.value += 1
  }, togetherMs)
}

/** Meets the server, and follows it from there on; again whenever that broke off. */
export function keepFollowing(by: Meet): void {
  meet = by
  void connect()
}

/** @param after nothing was answered from before that position */
export function followChanges(after: number): void {
  source?.close()
  const opened = new EventSource(`/api/v1/changes/stream?after=${after}`)
  source = opened
  hear()
  for (const sign of ["open", "here", "change"]) opened.addEventListener(sign, hear)
  opened.addEventListener("open", () => {
    if (connection.value === "lost") refresh()
    failures = 0
    connection.value = "live"
  })
  opened.addEventListener("change", refresh)
  // With a position it says that the ledger went on by something else.
  opened.addEventListener("here", ({ data }) => {
    if ("position" in (JSON.parse(data) as object)) refresh()
  })
  // Browsers give up for good on an answer that is none; we do not.
  opened.addEventListener("error", () => {
    if (isStranger.value) opened.close()
    else tryAgain()
  })
}

function hear(): void {
  clearTimeout(silence)
  silence = setTimeout(() => {
    lose()
    void connect()
  }, silentMs)
}

/** For who is no longer known here. */
export function stopFollowing(): void {
  clearTimeout(silence)
  clearTimeout(next)
  source?.close()
}

function lose(): void {
  stopFollowing()
  connection.value = "lost"
}

function tryAgain(): void {
  lose()
  const wait = retryMs[Math.min(failures, retryMs.length - 1)]
  failures += 1
  next = setTimeout(() => void connect(), wait)
}

/** A session that has ended looks to a stream like a server that is away. */
async function connect(): Promise<void> {
  clearTimeout(next)
  const before = source
  // Whoever signed in meanwhile follows already.
  const isOver = () => source !== before
  try {
    const position = await meet?.()
    if (position !== undefined && !isOver()) followChanges(position)
  } catch {
    if (!isStranger.value && !isOver()) tryAgain()
  }
}

export function keepFresh(): void {
  // A browser that knows better than its streams.
  addEventListener("offline", lose)
  addEventListener("online", () => void connect())
  setInterval(() => {
    if (connection.value === "live" && document.visibilityState === "visible") refresh()
  }, atLatestMs)
}
