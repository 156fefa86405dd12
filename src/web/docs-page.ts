/** What can be asked of this server, made from the operations. */
import type { Operation } from "#operations/define.js"
import { type Html, html } from "#kernel/html.js"

export function docsContent(operations: readonly Operation[]): Html {
  return html`<p>
      The machine-readable description is <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Send
      <code>Authorization: Bearer TOKEN</code>; make one with <code>fleet-ledger token create NAME</code>. Every read
      takes <code>at</code> and answers with the point that it is true at.
    </p>
    ${operations.map(entry)}`
}

function entry({ name, summary, kind, scope, route, input, command }: Operation): Html {
  const fields = Object.entries<{ description?: string | undefined }>(input.shape)
  return html`<section>
    <h2>${name}</h2>
    <p>${summary}. <span class="soft">${kind}, scope ${scope}</span></p>
    <pre>
${route.method} ${route.path}
${command.examples.map((example) => html`fleet-ledger ${example} `)}</pre>
    ${
      fields.length === 0
        ? html``
        : html`<table>
            <tbody>
              ${fields.map(
                ([field, { description }]) =>
                  html`<tr>
                    <td class="path">${field}</td>
                    <td>${description}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }
  </section>`
}
