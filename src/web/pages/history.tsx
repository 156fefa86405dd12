/** What changed, of everything: a story that is narrowed by who, what and where, as far back as the ledger goes. */
import { resolved, resolvedOther } from "../frame/resolved.js"
import { history } from "../operations.js"
import { More } from "../parts/more.js"
import { Nothing, Trouble } from "../parts/said.js"
import { Story } from "../parts/story.js"
import { change, go, hrefOf, place, to } from "../place.js"
import { pointText } from "../time.js"
import { usePages } from "../use-pages.js"
import { useRows } from "../use-rows.js"
import { moment, written } from "../forms.js"

const severities = ["info", "notice", "warning", "critical"] as const

const fields = [
  { name: "entity", title: "Entity", hint: "web-1" },
  { name: "field", title: "Field", hint: "os.kernel" },
  { name: "type", title: "Event", hint: "ServiceStateChanged" },
  { name: "actor", title: "Written by", hint: "user:ada" },
  { name: "source", title: "Source", hint: "here" },
  { name: "run", title: "Run", hint: "id of a look" },
  { name: "since", title: "Since", hint: "-7d" },
] as const

const names = [...fields.map(({ name }) => name), "severity", "expectation", "order"] as const

export function HistoryPage() {
  const { params } = place.value
  const given = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ""]))
  const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""))
  const between = betweenHandles()
  const { pages, more } = usePages(history, between === "unknown" ? undefined : { ...between, ...asked })
  const chosen = useRows(pages.items.length, (index) => {
    const item = pages.items[index]
    if (item !== undefined) go(hrefOf(`/events/${item.position}`))
  })
  const apply = (form: HTMLFormElement) =>
    change(
      Object.fromEntries(names.map((name) => [name, (name === "since" ? moment : written)(form, name) || undefined])),
    )
  const isNarrowed = Object.keys(asked).length > 0
  return (
    <div class="page">
      <header class="page-head">
        <h1>History</h1>
        {between === undefined ? null : <span class="soft">between the two handles</span>}
        {isNarrowed ? (
          <button
            type="button"
            class="link"
            onClick={() => change(Object.fromEntries(names.map((name) => [name, undefined])))}
          >
            Everything
          </button>
        ) : null}
      </header>
      <form
        class="narrow"
        key={JSON.stringify(given)}
        onSubmit={(event) => {
          event.preventDefault()
          apply(event.currentTarget)
        }}
        onChange={(event) => event.target instanceof HTMLSelectElement && apply(event.currentTarget)}
      >
        {fields.map(({ name, title, hint }) => (
          <label key={name}>
            {title}
            <input name={name} defaultValue={pointText(given[name] ?? "")} placeholder={hint} />
          </label>
        ))}
        <Choice title="Severity at least" name="severity" value={given["severity"]} of={severities} />
        <Choice title="Expectation" name="expectation" value={given["expectation"]} of={["expected", "surprising"]} />
        <Choice title="First comes" name="order" value={given["order"]} of={["newest", "oldest"]} any={false} />
        <button>Show</button>
      </form>
      {pages.error === undefined ? null : <Trouble error={pages.error} />}
      <section class="panel" aria-busy={pages.isLoading}>
        {pages.items.length === 0 && !pages.isLoading.value && pages.error === undefined && pages.next === null ? (
          <Nothing title="Nothing changed like that">Ask for less, or look further back by the strip above.</Nothing>
        ) : (
          <Story items={pages.items} chosen={chosen} />
        )}
        <More of={pages} onMore={more}>
          Further back
        </More>
      </section>
    </div>
  )
}

/** The stretch that the two handles of the strip enclose, whichever is the earlier; nothing is told before it is known where both are. */
function betweenHandles() {
  const [one, other] = [resolved.value.at, resolvedOther.value.at]
  if (to.value === undefined) return undefined
  if (one === undefined || other === undefined) return "unknown"
  const [since, until] = [one.position, other.position].toSorted((a, b) => a - b)
  return { since: `position:${since}`, until: `position:${until}`, at: "now" }
}

interface ChoiceProps {
  readonly title: string
  readonly name: string
  readonly value: string | undefined
  readonly of: readonly string[]
  readonly any?: boolean
}

function Choice({ title, name, value, of, any = true }: ChoiceProps) {
  return (
    <label>
      {title}
      <select name={name}>
        {any ? <option value="">any</option> : null}
        {of.map((one) => (
          <option key={one} value={one} selected={value === one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  )
}
