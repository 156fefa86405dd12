/** What there is, as a table that is narrowed by clicking or writing, sorted, and taken along as CSV: machines, services or stacks. */
import { useSignal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import type * as z from "zod"
import { type Asked, ask } from "../ask.js"
import { useDoing } from "../doing.js"
import { count, queryDelete, queryList, querySave, services, stacks, targets } from "../operations.js"
import { Folding } from "../parts/folding.js"
import { Grid } from "../parts/grid.js"
import { Nothing, Trouble } from "../parts/said.js"
import { Twice } from "../parts/twice.js"
import { at, change, go, hrefOf, place } from "../place.js"
import { fieldIs, healthIs, isAskedIn, narrowed, partsOf, widened } from "../query-text.js"
import { session } from "../session.js"
import { written } from "../forms.js"
import { useAnswer } from "../use-answer.js"
import { usePages } from "../use-pages.js"
import { type Inventoried, deployed, machines, running } from "./inventory/columns.js"
import { download } from "./inventory/download.js"

export function Inventory() {
  switch (place.value.path) {
    case "/services":
      return <Table key="service" operation={services} of={running} />
    case "/stacks":
      return <Table key="stack" operation={stacks} of={deployed} />
    default:
      return <Table key="target" operation={targets} of={machines} />
  }
}

interface Row {
  readonly id: string
}

function Table<T extends { readonly input: z.ZodType; readonly output: z.ZodObject }, R extends Row>({
  operation,
  of,
}: {
  readonly operation: Asked<T>
  readonly of: Inventoried<R>
}) {
  const { params } = place.value
  const q = params.get("q") ?? ""
  const sort = params.get("sort") ?? "name"
  const asked = { ...(q === "" ? {} : { q }), sort }
  const { pages, more } = usePages(operation as never, asked as never)
  const rows = pages.items as unknown as readonly R[]
  // What is listed comes first.
  const counted = useAnswer(
    count,
    pages.isLoading.value ? undefined : { kind: of.kind, by: of.facets.join(","), ...(q === "" ? {} : { q }) },
  )
  const chosen = useSignal<readonly string[]>(keptColumns(of.kind) ?? of.usual)
  const columns = of.columns.filter(({ name }) => chosen.value.includes(name))
  const total = counted.answer?.total
  const countsOf = (facet: string) => counted.answer?.counts[facet as "role"] ?? []

  const choose = (name: string) => {
    chosen.value = chosen.value.includes(name) ? chosen.value.filter((one) => one !== name) : [...chosen.value, name]
    localStorage.setItem(columnsKey(of.kind), chosen.value.join(","))
  }
  const telling = of.facets.filter((facet) => narrows(facet, countsOf(facet), q))
  const isNarrowing = useSignal(false)
  const turn = (part: string) => change({ q: isAskedIn(q, part) ? widened(q, part) : narrowed(q, part) })

  return (
    <div class="inventory">
      <aside aria-label="Narrow by">
        <Folding id="facets" title="Narrow by" hint={telling.join(", ")} isOpen={isNarrowing}>
          {telling.map((facet) => (
            <Facet key={facet} name={facet} title={titleOf(facet, of)} counts={countsOf(facet)} q={q} onChoose={turn} />
          ))}
          {counted.answer !== undefined && telling.length === 0 ? <p class="soft">Nothing tells these apart.</p> : null}
        </Folding>
      </aside>
      <section class="listed" aria-busy={pages.isLoading}>
        <header class="page-head">
          <h1>
            {of.title} <span class="count">{total ?? "…"}</span>
          </h1>
          {[...new Set(partsOf(q) ?? [q])].map((part) => (
            <span key={part} class="asked">
              <code>{part}</code>
              <button
                type="button"
                aria-label={`Without ${part}`}
                title="Ask without this"
                onClick={() => change({ q: widened(q, part) })}
              >
                ×
              </button>
            </span>
          ))}
          <span class="actions">
            <Saved q={q} />
            <Menu title="Columns">
              {of.columns.map(({ name, title }) => (
                <label key={name}>
                  <input type="checkbox" checked={chosen.value.includes(name)} onChange={() => choose(name)} /> {title}
                </label>
              ))}
            </Menu>
            <button
              type="button"
              onClick={() =>
                void download(
                  operation.path,
                  { ...asked, at: at.value },
                  columns.map(({ name }) => name),
                  of.title,
                )
              }
              title="What is listed, with these columns"
            >
              Export CSV
            </button>
          </span>
        </header>
        {pages.error !== undefined ? <Trouble error={pages.error} /> : null}
        {pages.error !== undefined && rows.length === 0 ? null : pages.first !== undefined && rows.length === 0 ? (
          q === "" ? (
            <Nothing title={`No ${of.title.toLowerCase()} were known by then`}>
              A source is looked at every few minutes. The strip above shows when something was found.
            </Nothing>
          ) : (
            <Nothing title="Nothing is like that">
              Ask for less, or at another time.{" "}
              <button type="button" class="link" onClick={() => change({ q: undefined })}>
                Ask for everything
              </button>
            </Nothing>
          )
        ) : (
          <Grid
            label={of.title}
            columns={columns}
            rows={rows}
            total={total}
            keyOf={({ id }) => id}
            sort={sort}
            onSort={(by) => change({ sort: by === "name" ? undefined : by })}
            onMore={more}
            onOpen={({ id }) => go(hrefOf(`/entities/${id}`))}
          />
        )}
      </section>
    </div>
  )
}

const columnsKey = (kind: string) => `fleet-ledger.columns.${kind}`

function keptColumns(kind: string): readonly string[] | undefined {
  return localStorage.getItem(columnsKey(kind))?.split(",")
}

/** As the column with the same is called. */
function titleOf(facet: string, { columns }: Inventoried): string {
  return columns.find(({ name }) => name === facet)?.title ?? facet
}

interface FacetProps {
  readonly name: string
  readonly title: string
  readonly counts: readonly { readonly value: string | null; readonly count: number }[]
  readonly q: string
  readonly onChoose: (query: string) => void
}

const mostShown = 8

/** What is the same everywhere tells nothing apart, but which role all have is good to know; what was chosen can be let go again. */
function narrows(name: string, counts: FacetProps["counts"], q: string): boolean {
  const known = counts.flatMap(({ value }) => value ?? [])
  return (
    known.length > 1 ||
    (known.length === 1 && (counts.length > 1 || name === "role")) ||
    known.some((value) => isAskedIn(q, queryOf(name, value)))
  )
}

function queryOf(facet: string, value: string): string {
  return facet === "health" ? healthIs[value as keyof typeof healthIs] : fieldIs(facet, value)
}

function Facet({ name, title, counts, q, onChoose }: FacetProps) {
  const isAll = useSignal(false)
  const known = counts.flatMap(({ value, count: n }) => (value === null ? [] : { value, n }))
  const shown = isAll.value ? known : known.slice(0, mostShown)
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {shown.map(({ value, n }) => (
          <li key={value}>
            <button
              type="button"
              class="plain"
              title={value}
              aria-pressed={isAskedIn(q, queryOf(name, value))}
              onClick={() => onChoose(queryOf(name, value))}
            >
              <span>{value}</span>
              <span class="soft">{n}</span>
            </button>
          </li>
        ))}
      </ul>
      {known.length > mostShown ? (
        <button type="button" class="link" onClick={() => (isAll.value = !isAll.value)}>
          {isAll.value ? "Fewer" : `${known.length - mostShown} more`}
        </button>
      ) : null}
    </section>
  )
}

function Menu({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <details
      class="menu"
      onKeyDown={({ key, currentTarget }) => {
        if (key !== "Escape") return
        currentTarget.removeAttribute("open")
        currentTarget.querySelector("summary")?.focus()
      }}
    >
      <summary class="button">{title}</summary>
      <div>{children}</div>
    </details>
  )
}

/** Queries under names: one is a click away, and what is asked for now can become one. */
function Saved({ q }: { readonly q: string }) {
  const saved = useAnswer(queryList, {}, { atPoint: false })
  const doing = useDoing()
  const mayWrite = session.value !== undefined && session.value.scope !== "read"
  const save = (form: HTMLFormElement) =>
    doing.run(async () => {
      await ask(querySave, { name: written(form, "name"), q })
      form.reset()
    })
  return (
    <Menu title="Saved queries">
      {saved.answer?.items.length === 0 ? <p class="soft">None is saved yet.</p> : null}
      {saved.answer?.items.map(({ name, q: text }) => (
        <p key={name} class="saved">
          <a href={hrefOf(place.value.path, { q: `saved:${name}` })} title={text}>
            {name}
          </a>
          {mayWrite ? (
            <Twice
              title="Forget"
              label={`Forget ${name}`}
              onSure={() => void doing.run(() => ask(queryDelete, { name }))}
            />
          ) : null}
        </p>
      ))}
      {q !== "" && mayWrite ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void save(event.currentTarget)
          }}
        >
          <input
            name="name"
            placeholder="Save this one as"
            aria-label="Name of the query"
            required
            pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
          />
          <button>Save</button>
        </form>
      ) : null}
      {doing.problem.value === undefined ? null : <p class="problem">{doing.problem.value}</p>}
    </Menu>
  )
}
