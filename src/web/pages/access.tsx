/** Who exported, administered and was refused, for those who audit; and evidence to take along. */
import { access } from "../operations.js"
import { More } from "../parts/more.js"
import { Nothing, Trouble } from "../parts/said.js"
import { titleOf } from "../parts/story.js"
import { When } from "../parts/when.js"
import { at, change, hrefOf, place } from "../place.js"
import { usePages } from "../use-pages.js"
import { moment, written } from "../forms.js"
import { pointText } from "../time.js"

const reports = [
  "summary",
  "health",
  "security",
  "resources",
  "dependencies",
  "drift",
  "changes",
  "coverage",
  "access",
] as const

/** A page of its own, as of the point that is looked at. */
function reportAt(kind: (typeof reports)[number]): string {
  const asked = new URLSearchParams({ format: "html", ...(at.value === undefined ? {} : { at: at.value }) })
  return `/api/v1/reports/${kind}?${asked.toString()}`
}

export function AccessPage() {
  const actor = place.value.params.get("actor") ?? ""
  const since = place.value.params.get("since") ?? ""
  const { pages, more } = usePages(access, {
    ...(since === "" ? {} : { since }),
    ...(actor === "" ? {} : { actor }),
  })
  // Everything is what came after the first event.
  const period = { since: since === "" ? "position:0" : since, ...(at.value === undefined ? {} : { at: at.value }) }
  return (
    <div class="page">
      <header class="page-head">
        <h1>Access</h1>
        <span class="actions">
          <a
            class="button"
            download="evidence.tar"
            href={`/api/v1/evidence?${new URLSearchParams(period).toString()}`}
            title="State at both ends, all changes with their proofs, coverage and access: one signed archive that the offline verifier checks"
          >
            {since === "" ? "Evidence of everything" : `Evidence since ${pointText(since)}`}
          </a>
        </span>
      </header>
      <p class="reports">
        Reports to print:
        {reports.map((kind) => (
          <a key={kind} href={reportAt(kind)} target="_blank" rel="noreferrer">
            {kind}
          </a>
        ))}
      </p>
      <form
        class="narrow"
        key={`${actor} ${since}`}
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          change({ actor: written(form, "actor") || undefined, since: moment(form, "since") || undefined })
        }}
      >
        <label>
          Who
          <input name="actor" defaultValue={actor} placeholder="token:ci" />
        </label>
        <label>
          Since
          <input name="since" defaultValue={pointText(since)} placeholder="-30d" />
        </label>
        <button>Show</button>
      </form>
      {pages.error === undefined ? null : <Trouble error={pages.error} />}
      <section class="panel" aria-busy={pages.isLoading}>
        {pages.items.length === 0 && !pages.isLoading.value && pages.error === undefined ? (
          <Nothing title="Nobody exported or administered anything">
            Exports, administration and refusals would be here.
          </Nothing>
        ) : (
          <table class="facts">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">Why</th>
                <th scope="col">Event</th>
              </tr>
            </thead>
            <tbody>
              {pages.items.map(({ position, recordedAt, actor: who, what, reason, type }) => (
                <tr key={position}>
                  <td>
                    <When at={recordedAt} />
                  </td>
                  <td>{who}</td>
                  <td>{what}</td>
                  <td>{reason ?? ""}</td>
                  <td>
                    <a href={hrefOf(`/events/${position}`)} title={titleOf(type)}>
                      #{position}
                    </a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <More of={pages} onMore={more} />
      </section>
    </div>
  )
}
