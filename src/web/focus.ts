/** Where the keyboard goes on: in the content after somewhere was gone to, and from part to part of a page that has many. */

/** What `n` and `p` go through. */
const parts = "main :is(.panel, aside, .listed, .page > form)"

const content = () => document.querySelector<HTMLElement>("main")

/** From there the next `Tab` leads into what is shown. */
export function toContent(): void {
  content()?.focus({ preventScroll: true })
}

/** After another page is shown: unless what had the focus is still there, and a part of it. */
export function keepInContent(): void {
  if (content()?.contains(document.activeElement) !== true) toContent()
}

/** To the part after, or before, the one that has the focus. */
export function toPart(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(parts)]
  const here = all.findLastIndex((part) => part.contains(document.activeElement))
  const next = all[Math.max(here + by, 0)]
  if (next !== undefined) land(next)
}

/** What nobody gets to by `Tab`. */
export function land(element: HTMLElement): void {
  element.tabIndex = -1
  element.focus()
}
