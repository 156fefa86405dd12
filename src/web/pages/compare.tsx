/** What differs between two points: of everything, of what a query finds, of one thing, or of one with another; and the names that points have. */
import { useSignal } from "@preact/signals"
import { type Answer, ask } from "../ask.js"
import { written } from "../forms.js"
import { refresh } from "../live.js"
import { diff, pin, snapshotCreate, snapshotDelete, snapshotList } from "../operations.js"
import { EntityLink } from "../parts/entity-link.js"
import { Panel } from "../parts/panel.js"
import { Fields } from "../parts/fields.js"
import { More } from "../parts/more.js"
import { Nothing, Trouble } from "../parts/said.js"
import { When } from "../parts/when.js"
import { at, change, place, to } from "../place.js"
import { session } from "../session.js"
import { useAnswer } from "../use-answer.js"
import { usePages } from "../use-pages.js"

type Item = Answer<NonNullable<typeof diff.of>>["items"][number]

const groupings = ["entity", "change", "source", "actor"] as const
const names = ["q", "entity", "against", "by", "field"] as const

export function ComparePage() {
  const { params } = place.value
  const given = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ""])) as Record<
    (typeof names)[number],
    string
  >
  const [from, until] = [at.value ?? "-1d", to.value ?? "now"]
  return (
    <div class="page">
      <header class="page-head">
        <h1>Compare</h1>
        <span class="soft">
          {from} ↔ {until}
        </span>
      </header>
      <form
        class="narrow"
        key={JSON.stringify([given, from, until])}
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          const said = Object.fromEntries(names.map((name) => [name, written(form, name) || undefined]))
          change({ ...said, at: written(form, "from") || undefined, to: written(form, "to") || undefined })
        }}
      >
        <Field name="from" title="From" value={from} hint="-1d, snapshot:before" />
        <Field name="to" title="To" value={until} hint="now" />
        <Field name="q" title="Of what is like" value={given.q} hint="role:production" />
        <Field name="entity" title="Only of" value={given.entity} hint="web-1" />
        <Field name="against" title="With" value={given.against} hint="web-2" />
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
        <Differences from={from} until={until} given={given} />
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
}

function Differences({ from, until, given }: DifferencesProps) {
  const { field, ...rest } = given
  const asked = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== ""))
  const { pages, more } = usePages(diff, { ...asked, from, to: until, at: "now" })
  const sideBySide = useSignal(false)
  const { first, items, error, isLoading, next } = pages
  const shown = items
    .map((item) => ({ ...item, changes: item.changes.filter(({ path }) => path.startsWith(field)) }))
    .filter(({ changes }) => field === "" || changes.length > 0)
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
      {error === undefined ? null : <Trouble error={error} />}
      {first !== undefined && shown.length === 0 && next === null ? (
        <Nothing title="There is no difference">Drag either handle of the strip to compare other times.</Nothing>
      ) : null}
      <ul class="differences">
        {shown.map((item, index) => (
          <Entry
            key={`${item.group ?? ""} ${item.entity.id}`}
            item={item}
            isFirst={item.group !== shown[index - 1]?.group}
          />
        ))}
      </ul>
      <More of={pages} onMore={more} />
    </section>
  )
}

const looks = { created: "healthy", modified: "notice", removed: "warning" } as const

function Entry({ item, isFirst }: { readonly item: Item; readonly isFirst: boolean }) {
  const isCopied = useSignal(false)
  const { group, entity, change: what, changes, patch } = item
  const copy = async () => {
    await navigator.clipboard.writeText(JSON.stringify(patch, null, 2))
    isCopied.value = true
  }
  return (
    <>
      {isFirst && group != null ? <li class="day">{group}</li> : null}
      <li>
        <p>
          <span class={`tag ${looks[what]}`}>{what === "modified" ? "changed" : what}</span>{" "}
          <EntityLink entity={entity} /> <span class="soft">{entity.kind}</span>{" "}
          <button type="button" class="link" onClick={() => void copy()} title="JSON Patch (RFC 6902)">
            {isCopied.value ? "Copied" : "Copy as patch"}
          </button>
        </p>
        <Fields of={changes} />
      </li>
    </>
  )
}

/** Names of points: to compare from, to take, to hold the fleet to, to let go. */
function Snapshots() {
  const found = useAnswer(snapshotList, { limit: 100, at: "now" })
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
                      </button>{" "}
                      {mayWrite ? (
                        <>
                          <button
                            type="button"
                            class="link"
                            title="The fleet is meant to stay as it was then"
                            onClick={() => void doing(() => ask(pin, { name, at: `snapshot:${name}` }))}
                          >
                            Pin
                          </button>{" "}
                          <button
                            type="button"
                            class="link"
                            aria-label={`Delete ${name}`}
                            onClick={() => void doing(() => ask(snapshotDelete, { name }))}
                          >
                            Delete
                          </button>
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
                {at.value === undefined ? "Name this moment" : `Name ${at.value}`}
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
