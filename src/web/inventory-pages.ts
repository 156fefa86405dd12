/** The list of targets, and one entity with its facts, services and history. */
import { type Json, type JsonObject, isObject, jsonText } from "#kernel/json.js"
import type { Point } from "#kernel/point.js"
import type { FieldChange } from "#kernel/patch.js"
import type { Change } from "#timeline/change.js"
import { type Html, html } from "#kernel/html.js"
import { link, time } from "./layout.js"

export interface TargetRow {
  readonly id: string
  readonly name: string
  readonly lifecycle: string
  readonly os: string | null
  readonly kernel: string | null
  readonly addresses: readonly string[]
  readonly cpuCores: number | null
  readonly memoryMiB: number | null
  readonly services: number
  readonly resources: Readonly<Record<string, string>>
  readonly lastSeen: string | null
}

export interface EntityAnswer {
  readonly at: Point
  readonly entity: { readonly kind: string; readonly id: string; readonly name: string }
  readonly target: { readonly id: string; readonly name: string } | null
  readonly lifecycle: string
  readonly lastSeen: string | null
  readonly facets: Readonly<Record<string, JsonObject>>
  readonly omitted: readonly string[]
  readonly measurements: Readonly<Record<string, { readonly at: string; readonly value: number }>>
}

export interface ServiceRow {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly runtime: string | null
  readonly ports: readonly string[]
  readonly description: string | null
}

export function targetsTable(rows: readonly TargetRow[], asked: string | undefined): Html {
  if (rows.length === 0)
    return html`<p class="soft">No machine was known at that moment. A look is made every few minutes.</p>`
  const line = (row: TargetRow) =>
    html`<tr>
      <td><a href="${link(`/entities/${row.id}`, asked)}">${row.name}</a></td>
      <td class="${row.lifecycle}">${row.lifecycle}</td>
      <td>${row.os}<br /><span class="soft">${row.kernel}</span></td>
      <td>${row.cpuCores} × CPU, ${row.memoryMiB} MiB</td>
      <td>${row.addresses.map((address) => html`${address}<br />`)}</td>
      <td>${row.services}</td>
      <td>
        ${Object.entries(row.resources).map(([resource, status]) => html`<span class="${status}">${resource} ${status}</span><br />`)}
      </td>
      <td>${time(row.lastSeen ?? "")}</td>
    </tr>`
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Lifecycle</th>
          <th>System</th>
          <th>Size</th>
          <th>Addresses</th>
          <th>Services</th>
          <th>Resources</th>
          <th>Last seen</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
    </table>
  </div>`
}

export function entityContent(
  answer: EntityAnswer,
  services: readonly ServiceRow[],
  changes: readonly Change[],
  asked: string | undefined,
): Html {
  const { target, lifecycle, lastSeen, facets, omitted, measurements } = answer
  return html` <p>
      <span class="${lifecycle}">${lifecycle}</span>,
      ${lastSeen === null ? "not looked at completely by then" : `last seen ${time(lastSeen)}`}
      ${target === null ? html`` : html` on <a href="${link(`/entities/${target.id}`, asked)}">${target.name}</a>`}
      <span class="soft">· ${answer.entity.kind} ${answer.entity.id}</span>
    </p>
    ${services.length === 0 ? html`` : servicesTable(services, asked)}
    ${Object.entries(facets).map(([name, facet]) => facetTable(name, facet))}
    ${omitted.map((facet) => html`<p><a href="${withFacet(answer.entity.id, facet, asked)}">Show ${facet}</a></p>`)}
    ${Object.keys(measurements).length === 0 ? html`` : measurementsTable(measurements)}
    <h2>History</h2>
    ${changes.length === 0 ? html`<p class="soft">Nothing.</p>` : changes.map((change) => changeEntry(change))}`
}

function withFacet(id: string, facet: string, asked: string | undefined): string {
  const path = link(`/entities/${id}`, asked)
  return `${path}${path.includes("?") ? "&" : "?"}facets=${facet}`
}

function servicesTable(services: readonly ServiceRow[], asked: string | undefined): Html {
  return html`<h2>Services</h2>
    <table>
      <tbody>
        ${services.map(
          ({ id, name, status, runtime, ports, description }) =>
            html`<tr>
              <td><a href="${link(`/entities/${id}`, asked)}">${name}</a></td>
              <td class="${status}">${status}</td>
              <td>${runtime}</td>
              <td>${ports.join(", ")}</td>
              <td>${description}</td>
            </tr>`,
        )}
      </tbody>
    </table>`
}

function facetTable(name: string, facet: JsonObject): Html {
  const rows = Object.entries(facet).map(
    ([field, value]) =>
      html`<tr>
        <td class="path">${field}</td>
        <td>${shown(value)}</td>
      </tr>`,
  )
  return html`<h2>${name}</h2>
    <table>
      <tbody>
        ${rows}
      </tbody>
    </table>`
}

function measurementsTable(measurements: EntityAnswer["measurements"]): Html {
  const rows = Object.entries(measurements).map(
    ([metric, { at, value }]) =>
      html`<tr>
        <td class="path">${metric}</td>
        <td>${value}</td>
        <td class="soft">${time(at)}</td>
      </tr>`,
  )
  return html`<h2>Measurements</h2>
    <table>
      <tbody>
        ${rows}
      </tbody>
    </table>`
}

function changeEntry({ type, entity, observedAt, position, changes, source, by, reason }: Change): Html {
  const fields = changes.map(
    ({ path, before, after }: FieldChange) =>
      html`<tr>
        <td class="path">${path}</td>
        <td><del>${shown(before)}</del> → <ins>${shown(after)}</ins></td>
      </tr>`,
  )
  return html`<div class="event">
    <p>
      <strong>${type}</strong> ${entity.name}
      <span class="soft"
        >${by === null ? "" : ` · by ${by}`}${reason === null ? "" : ` · ${reason}`} · seen ${time(observedAt)} · from
        ${source ?? "fleet-ledger"} · position ${position} · <a href="?at=position:${position}">as it was then</a></span
      >
    </p>
    ${
      fields.length === 0
        ? html``
        : html`<table>
            <tbody>
              ${fields}
            </tbody>
          </table>`
    }
  </div>`
}

/** A value as a person reads it: scalars plain, collections as their items. */
function shown(value: Json): Html {
  if (value === null) return html`<span class="soft">none</span>`
  if (!isObject(value)) return html`${jsonText(value)}`
  const items = Object.entries(value)
  if (items.length === 0) return html`<span class="soft">none</span>`
  return html`${items.map(([key, item]) => {
    const inner = isObject(item)
      ? Object.entries(item).map(([field, held]) => `${field} ${plain(held)}`)
      : [plain(item)]
    return html`${key}${inner.length === 0 ? "" : `: ${inner.join(", ")}`}<br />`
  })}`
}

function plain(value: Json): string {
  if (value === null) return "none"
  return isObject(value) ? Object.keys(value).join(" ") : jsonText(value)
}
