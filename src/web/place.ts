/** Where the page is: the address is all its state that is worth a link. The point in time (`at`) and what it is compared with (`to`) go along wherever one goes. */
import { computed, signal } from "@preact/signals"
import { askedAt } from "./rounds.js"

export interface Place {
  readonly path: string
  readonly params: URLSearchParams
}

const here = (): Place => ({ path: location.pathname, params: new URLSearchParams(location.search) })

export const place = signal<Place>(here())

/** The point that is looked at, as it was asked for; undefined is now. */
export const at = computed(() => askedAt.value ?? given("at"))
/** The point that it is compared with; `now` is one too. */
export const to = computed(() => place.value.params.get("to") || undefined)
export const isPast = computed(() => at.value !== undefined)

function given(name: string): string | undefined {
  const text = place.value.params.get(name)
  return text === null || text === "" || text === "now" ? undefined : text
}

/** @param replace the way back leads past the place that is left */
export function go(href: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", href)
  else history.pushState(null, "", href)
  const before = place.value.path
  place.value = here()
  if (!replace && before !== place.value.path) scrollTo(0, 0)
}

export type Params = Readonly<Record<string, string | number | undefined>>

/** An address of this page at the time that is looked at. */
export function hrefOf(path: string, params: Params = {}): string {
  const all = new URLSearchParams()
  const moment = { at: params["at"] ?? given("at"), to: params["to"] ?? to.value }
  for (const [name, value] of Object.entries({ ...params, ...moment }))
    if (value !== undefined && value !== "") all.set(name, String(value))
  const text = all.toString().replaceAll("%3A", ":").replaceAll("%2C", ",")
  return text === "" ? path : `${path}?${text}`
}

/** Stays where it is but for what is named; undefined takes away. */
export function change(params: Params, options?: { readonly replace?: boolean }): void {
  const all = Object.fromEntries(place.value.params)
  const { at: atBefore, to: toBefore, ...rest } = all
  const moment = {
    at: "at" in params ? (params["at"] ?? "") : atBefore,
    to: "to" in params ? (params["to"] ?? "") : toBefore,
  }
  go(hrefOf(place.value.path, { ...rest, ...params, ...moment }), options)
}

/** Travels: every page shows that point. Without one, now. */
export function travel(point: string | undefined, options?: { readonly replace?: boolean }): void {
  change({ at: point }, options)
}

/** A link within the page needs no other document. */
function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return
  const link = event.target instanceof Element ? event.target.closest("a") : null
  if (link === null || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return
  if (/^\/(?:api|assets|openapi\.json|metrics|login)/.test(link.pathname)) return
  event.preventDefault()
  go(link.pathname + link.search + link.hash)
}

export function keepPlace(): void {
  addEventListener("popstate", () => (place.value = here()))
  document.addEventListener("click", follow)
}
