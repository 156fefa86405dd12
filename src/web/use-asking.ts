/** Asking as a page does: at the point that is looked at, again when that moves or when something happened at now. It is asked before anything is drawn, and what was known stays on show meanwhile. */
import { type Signal, batch, effect, signal, untracked, useSignal } from "@preact/signals"
import { useLayoutEffect } from "preact/hooks"
import { isStranger } from "./answers.js"
import { revision } from "./live.js"
import { Pace } from "./pace.js"
import { asking, stepping } from "./rounds.js"

interface Asking {
  /** What is asked, as text: another is asked at once. Undefined asks nothing yet. */
  readonly about: string | undefined
  /** Reads where it is looked at. */
  readonly point: () => string | undefined
}

/** @returns what is known from then on, be it why nothing is */
type Load<K> = (point: string | undefined, before: K, signal: AbortSignal) => Promise<K>

interface Found<K> {
  readonly known: Signal<K>
  /** What is known is of before. A signal, so that asking draws nothing anew but what says so. */
  readonly isLoading: Signal<boolean>
  /** That is known from now on, and nothing is asked. */
  readonly say: (found: K) => void
}

/** @param load is that of the drawing in which `about` became what it is */
export function useAsking<K>(nothing: K, { about, point }: Asking, load: Load<K>): Found<K> {
  const known = useSignal(nothing)
  const isLoading = useSignal(true)
  const say = (found: K) =>
    batch(() => {
      known.value = found
      isLoading.value = false
    })
  // Not after it is painted: what is asked for at once is there a frame sooner.
  useLayoutEffect(() => {
    if (about === undefined) return undefined
    const pace = new Pace()
    const round = signal(0)
    let before: { readonly at: string | undefined } | undefined
    const stopAsking = effect(() => {
      void round.value
      const at = point()
      if (isStranger.value) return undefined
      const abort = new AbortController()
      isLoading.value = true
      pace.begin()
      const complete = asking()
      if (before !== undefined && before.at !== at) stepping()
      before = { at }
      const end = () => {
        complete()
        pace.end()
      }
      const answered = (found: K) => {
        if (abort.signal.aborted) return
        say(found)
        end()
      }
      void untracked(() => load(at, known.peek(), abort.signal)).then(answered)
      return () => {
        abort.abort()
        end()
      }
    })
    const stopListening = onRevision(() => {
      if (isOfNow(point())) pace.soon(() => (round.value += 1))
    })
    return () => {
      stopListening()
      stopAsking()
      pace.stop()
    }
  }, [about])
  return { known, isLoading, say }
}

function onRevision(heard: () => void): () => void {
  const before = revision.peek()
  return revision.subscribe((now) => (now === before ? undefined : heard()))
}

function isOfNow(point: string | undefined): boolean {
  return point === undefined || point === "now" || point.startsWith("-")
}
