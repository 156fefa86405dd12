/** The frame around every page. In the past it says so, unmistakably, with the way back to now. */
import type { Point } from "#kernel/point.js"
import { type Html, html } from "#kernel/html.js"

export interface View {
  readonly title: string
  /** Path of this page, without query. */
  readonly path: string
  /** What was asked for as \`at\`; undefined for now. */
  readonly asked: string | undefined
  /** What it was resolved to; undefined on pages that are of no moment. */
  readonly point?: Point
  readonly content: Html
}

export function layout({ title, path, asked, point, content }: View): string {
  const past = asked !== undefined && asked !== "" && asked !== "now"
  const moment =
    point === undefined
      ? html``
      : html`<form class="at" method="get" action="${path}">
          <label
            >At <input name="at" value="${asked ?? ""}" placeholder="now · -2h · 2026-11-23 14:00 · position:12"
          /></label>
          <button>Go</button>
          <span class="point">${time(point.time)} · position ${point.position}</span>
        </form>`
  const banner = past
    ? html`<p class="past" role="status">
        <strong>This is the past</strong>: as of ${time(point?.time ?? "")}. <a href="${path}">Back to now</a>
      </p>`
    : html``
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · fleet-ledger</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="data:," />
      </head>
      <body class="${past ? "in-the-past" : "now"}">
        <header>
          <a class="brand" href="/">fleet-ledger</a>
          <nav><a href="/">Targets</a> <a href="/docs">API</a></nav>
          ${moment}
        </header>
        ${banner}
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`
  return page.text
}

/** An instant, shown to the second in UTC. */
export function time(instant: string): string {
  return instant === "" ? "" : `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`
}

/** A link that stays at the moment that is being looked at. */
export function link(path: string, asked: string | undefined): string {
  return asked === undefined || asked === "" ? path : `${path}?at=${encodeURIComponent(asked)}`
}
