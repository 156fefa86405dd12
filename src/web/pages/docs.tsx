/** The API to read and to try: every operation as the server describes it, asked with the session of whoever looks, and the same as a command. */
import "../styles/docs.css"
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { change, place } from "../place.js"
import { Trouble } from "../parts/said.js"
import { type Described, describedBy } from "./docs/described.js"
import { Tried } from "./docs/tried.js"

export function DocsPage() {
  const all = useSignal<readonly Described[]>([])
  const error = useSignal<Error | undefined>(undefined)
  useEffect(() => {
    fetch("/openapi.json")
      .then(async (response) => (all.value = describedBy(await response.json())))
      .catch((failure: unknown) => (error.value = failure as Error))
  }, [all, error])
  const chosen = place.value.params.get("operation") ?? "targets"
  const operation = all.value.find(({ id }) => id === chosen)
  const groups = [...new Set(all.value.map(({ group }) => group))]
  return (
    <div class="page docs">
      <header class="page-head">
        <h1>API</h1>
        <span class="actions">
          <a class="button" href="/openapi.json" download="fleet-ledger.openapi.json">
            OpenAPI 3.1
          </a>
        </span>
      </header>
      {error.value === undefined ? null : <Trouble error={error.value} />}
      <div class="beside">
        <nav
          class="panel operations"
          aria-label="Operations"
          aria-busy={all.value.length === 0 && error.value === undefined}
        >
          {groups.map((group) => (
            <section key={group}>
              <h2>{group}</h2>
              <ul>
                {all.value
                  .filter((each) => each.group === group)
                  .map(({ id, method, path }) => (
                    <li key={id}>
                      <button
                        type="button"
                        class="link"
                        aria-current={id === chosen ? "true" : undefined}
                        onClick={() => change({ operation: id })}
                      >
                        <b>{method}</b> {path.replace("/api/v1", "")}
                      </button>
                    </li>
                  ))}
              </ul>
            </section>
          ))}
        </nav>
        {operation !== undefined ? (
          <Tried key={operation.id} operation={operation} />
        ) : all.value.length === 0 ? null : (
          <p class="problem" role="alert">
            No operation is called {chosen}: choose one of the list.
          </p>
        )}
      </div>
    </div>
  )
}
