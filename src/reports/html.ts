/**
 * A report as one page that needs nothing else: no script, nothing fetched, charts drawn in it; light or dark as its reader has it, black on white on paper. Every text in it is
 * text (`kernel/html.ts`), and its policy lets a browser do nothing but use its one stylesheet.
 */
import * as crypto from "node:crypto"
import { type Html, Html as Made, html as page } from "#kernel/html.js"
import { chartOf } from "./charts.js"
import type { Cell, Report, Section, Table } from "./report.js"
import { ofPoint, rest, shown } from "./words.js"

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #dde2ea; --ground: #ffffff; --panel: #f5f7fa;
  --good: #2f8f56; --warning: #b7791f; --critical: #c0392b; --unknown: #8a94a3; --plain: #3b74c9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa5b4; --line: #303947; --ground: #141a22; --panel: #1b232e;
  --good: #5cc389; --warning: #e0b050; --critical: #f07f74; --unknown: #7b8696; --plain: #7fb2ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 70rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
p { margin: .3rem 0 .8rem; } .soft { color: var(--soft); }
dl { display: flex; flex-wrap: wrap; gap: .6rem; margin: .6rem 0; }
dl div { padding: .4rem .9rem; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
svg { display: block; width: 100%; max-width: 45rem; height: auto; margin: .6rem 0; overflow: visible; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
svg line { stroke: var(--line); } svg polyline { fill: none; stroke: var(--plain); stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round; }
.good { fill: var(--good); } .warning { fill: var(--warning); } .critical { fill: var(--critical); } .unknown { fill: var(--unknown); } .plain { fill: var(--plain); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; } td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
@media print {
  :root { color-scheme: light; --ink: #000000; --soft: #444444; --line: #bbbbbb; --ground: #ffffff; --panel: #ffffff;
    --good: #2f8f56; --warning: #b7791f; --critical: #c0392b; --unknown: #8a94a3; --plain: #3b74c9; }
  body { max-width: none; padding: 0; font-size: 10pt; } .scroll { overflow: visible; } h2 { break-after: avoid; } tr, svg, dl { break-inside: avoid; }
  rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
@page { margin: 15mm; }
`
const policy = `default-src 'none'; style-src 'sha256-${crypto.createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'`

export function* html(report: Report): Generator<string> {
  const head = page`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>${report.title}</title>
<style>${new Made(style)}</style>
</head>
<body>
<h1>${report.title}</h1>
<p class="soft">${ofPoint(report)}</p>
<main>
`
  yield head.text
  for (const section of report.sections) yield sectionOf(section).text
  yield "</main>\n</body>\n</html>\n"
}

function sectionOf({ title, text, figures, chart, table, query }: Section): Html {
  const cards = figures.map(({ label, value }) => page`<div><dt>${label}</dt><dd>${shown(value)}</dd></div>`)
  const isEmpty = chart?.is === "bars" && chart.parts.length === 0
  const more = query !== null && table !== null && table.total > table.rows.length
  return page`<section>
<h2>${title}</h2>
${text === null ? "" : page`<p>${text}</p>`}
${cards.length === 0 ? "" : page`<dl>${cards}</dl>`}
${chart === null ? "" : isEmpty ? page`<p class="soft">None.</p>` : chartOf(chart, title)}
${table === null ? "" : tableOf(table)}
${more ? page`<p class="soft">All of them: search ${query.q}, of kind ${query.kind}</p>` : ""}
</section>
`
}

function tableOf(table: Table): Html {
  const { columns, rows } = table
  if (rows.length === 0) return page`<p class="soft">None.</p>`
  const heads = columns.map((column) => page`<th scope="col">${column}</th>`)
  const lines = rows.map((row) => page`<tr>${columns.map((column) => cellOf(row[column] ?? null))}</tr>\n`)
  const more = rest(table)
  return page`<div class="scroll"><table>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody>
</table></div>${more === null ? "" : page`<p class="soft">${more}</p>`}`
}

function cellOf(value: Cell): Html {
  return typeof value === "number" ? page`<td class="number">${value}</td>` : page`<td>${shown(value)}</td>`
}
