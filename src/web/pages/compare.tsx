/** What differs between two points: of everything, of what a query finds, of one thing, or of one with another; and the names that points have. */
import { useSignal } from "@preact/signals"
import { ask } from "../ask.js"
import { moment, written } from "../forms.js"
import { endsNow } from "../frame/ends.js"
import { refresh } from "../live.js"
import { baselines, diff, pin, snapshotCreate, snapshotDelete, snapshotList } from "../operations.js"
import { DifferenceList } from "../parts/differences.js"
import { Panel } from "../parts/panel.js"
import { Nothing, Trouble } from "../parts/said.js"
import { Twice } from "../parts/twice.js"
import { When } from "../parts/when.js"
import { at, change, hrefOf, place, to } from "../place.js"
import { session } from "../session.js"
import { pointText } from "../time.js"
import { useAnswer } from "../use-answer.js"
import { usePages } from "../use-pages.js"

const groupings = ["entity", "change", "source", "actor"] as const
const names = ["q", "entity", "against", "by", "field"] as const

export function ComparePage() {
  const { params } = place.value
  const given = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ""])) as Record<
    (typeof names)[number],
    string
  >
  // Whoever said what to compare with, or of another time, and not from when, means now.
  const isOfNow = to.value !== undefined || given.against !== ""
  const ends = endsNow()
  // One thing with another is as it was said; of the same, what came later is what changed.
  const isOrdered = to.value !== undefined && given.against === ""
  const asSaid = { from: at.value ?? (isOfNow ? "now" : "-1d"), to: to.value ?? "now" }
  const { from, to: until } = (isOrdered ? ends : undefined) ?? asSaid
  return (
    <div class="page">
      <header class="page-head">
        <h1>Compare</h1>
      </header>
      <form
        class="narrow"
        key={JSON.stringify([given, from, until])}
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          const said = Object.fromEntries(names.map((name) => [name, written(form, name) || undefined]))
          change({ ...said, at: moment(form, "from") || undefined, to: moment(form, "to") || undefined })
        }}
      >
        <Field name="from" title="From" value={pointText(from)} hint="-1d, snapshot:before" />
        <Field name="to" title="To" value={pointText(until)} hint="now" />
        <Field name="q" title="Query" value={given.q} hint="role:production" />
        <Field name="entity" title="Entity" value={given.entity} hint="web-1" />
        <Field name="against" title="Against" value={given.against} hint="web-2" />
        <Field name="field" title="Field" value={given.field} hint="/packages" />
        <label>
          Group by
          <select name="by">
            {groupings.map((one) => (
              <option key={one} value={one} selected={given.by === one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <button>Compare</button>
      </form>
      <div class="columns wide-first">
        <Differences from={from} until={until} given={given} isKnown={!isOrdered || ends !== undefined} />
        <Snapshots />
      </div>
    </div>
  )
}

interface FieldProps {
  readonly name: string
  readonly title: string
  readonly value: string
  readonly hint: string
}

function Field({ name, title, value, hint }: FieldProps) {
  return (
    <label>
      {title}
      <input name={name} defaultValue={value} placeholder={hint} />
    </label>
  )
}

interface DifferencesProps {
  readonly from: string
  readonly until: string
  readonly given: Readonly<Record<(typeof names)[number], string>>
  /** Which of the two is the earlier. */
  readonly isKnown: boolean
}

function Differences({ from, until, given, isKnown }: DifferencesProps) {
  const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""))
  const { pages, more } = usePages(diff, isKnown ? { ...asked, from, to: until, at: "now" } : undefined)
  const sideBySide = useSignal(false)
  const { first, items, error, isLoading } = pages
  return (
    <section class={`panel${sideBySide.value ? " side-by-side" : ""}`} aria-busy={isLoading}>
      <header>
        <h2>What differs</h2>
        {first === undefined ? null : (
          <>
            <span class="tag healthy">{first.summary.created} created</span>
            <span class="tag notice">{first.summary.modified} changed</span>
            <span class="tag warning">{first.summary.removed} removed</span>
          </>
        )}
        <span class="actions">
          <button type="button" aria-pressed={sideBySide.value} onClick={() => (sideBySide.value = !sideBySide.value)}>
            Side by side
          </button>
        </span>
      </header>
      {first === undefined ? null : (
        <p class="hint soft">
          <When at={first.from.time} /> ↔ <When at={first.to.time} />
        </p>
      )}
      {error === undefined ? null : <Trouble error={error} />}
      {first !== undefined && items.length === 0 ? (
        <Nothing title="There is no difference">Drag either handle of the strip to compare other times.</Nothing>
      ) : null}
      <DifferenceList pages={pages} asked={{ ...asked, from, to: until }} onMore={more} />
    </section>
  )
}

/** Names of points: to compare from, to take, to hold the fleet to, to let go. */
function Snapshots() {
  const found = useAnswer(snapshotList, { limit: 100, at: "now" })
  const declared = useAnswer(baselines, { at: "now" })
  const pinned = new Map(declared.answer?.items.map(({ snapshot, name }) => [snapshot, name]))
  const problem = useSignal<string | undefined>(undefined)
  const mayWrite = session.value !== undefined && session.value.scope !== "read"
  const doing = async (work: () => Promise<unknown>) => {
    try {
      await work()
      problem.value = undefined
      refresh()
    } catch (error) {
      problem.value = (error as Error).message
    }
  }
  const take = (form: HTMLFormElement) =>
    doing(async () => {
      await ask(snapshotCreate, { name: written(form, "name"), ...(at.value === undefined ? {} : { at: at.value }) })
      form.reset()
    })
  return (
    <Panel title="Snapshots" count={found.answer?.items.length} of={found}>
      {({ items }) => (
        <>
          {items.length === 0 ? (
            <Nothing title="No point has a name yet">
              A snapshot is a name for a point in time; nothing is copied.
            </Nothing>
          ) : (
            <table class="facts snapshots">
              <tbody>
                {items.map(({ name, type, point, description }) => (
                  <tr key={name}>
                    <th scope="row">
                      <button
                        type="button"
                        class="link"
                        title={description ?? `Compare from ${name}`}
                        onClick={() => change({ at: `snapshot:${name}` })}
                      >
                        {name}
                      </button>
                    </th>
                    <td class="soft">{type}</td>
                    <td>
                      <When at={point.time} short />
                    </td>
                    <td class="actions">
                      <button
                        type="button"
                        class="link"
                        title={`Compare with ${name}`}
                        onClick={() => change({ to: `snapshot:${name}` })}
                      >
                        To
                      </button>
                      {pinned.has(name) ? (
                        <a
                          href={hrefOf("/drift", { baseline: pinned.get(name), at: "now" })}
                          title="What is not as it was then"
                        >
                          Pinned
                        </a>
                      ) : null}
                      {mayWrite ? (
                        <>
                          {pinned.has(name) ? null : (
                            <button
                              type="button"
                              class="link"
                              aria-label={`Pin ${name}`}
                              title="The fleet is meant to stay as it was then"
                              onClick={() =>
                                void doing(() => ask(pin, { name: baselineOf(name), at: `snapshot:${name}` }))
                              }
                            >
                              Pin
                            </button>
                          )}{" "}
                          <Twice
                            title="Delete"
                            label={`Delete ${name}`}
                            onSure={() => void doing(() => ask(snapshotDelete, { name }))}
                          />
                        </>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {mayWrite ? (
            <form
              class="narrow"
              onSubmit={(event) => {
                event.preventDefault()
                void take(event.currentTarget)
              }}
            >
              <label>
                {at.value === undefined ? "Name this moment" : `Name ${pointText(at.value)}`}
                <input name="name" required placeholder="before-upgrade" />
              </label>
              <button>Take</button>
            </form>
          ) : null}
          {problem.value === undefined ? null : (
            <p class="problem" role="alert">
              {problem.value}
            </p>
          )}
        </>
      )}
    </Panel>
  )
}

/** As baselines may be called. */
function baselineOf(snapshot: string): string {
  return snapshot.toLowerCase().slice(0, 63)
}
