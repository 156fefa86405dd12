/** Changes that are said to come, so that others stand out: what is expected, saying more, and taking it back. */
import { ask } from "../../ask.js"
import { useDoing, whyNot } from "../../doing.js"
import { moment, written } from "../../forms.js"
import { expectAdd, expectList, expectWithdraw } from "../../operations.js"
import { More } from "../../parts/more.js"
import { Trouble } from "../../parts/said.js"
import { When } from "../../parts/when.js"
import { change, hrefOf, place } from "../../place.js"
import { usePages } from "../../use-pages.js"

const names = ["q", "field", "type", "by", "reason", "ticket"] as const

export function Expected() {
  const over = place.value.params.get("over") === "true"
  const { pages, more } = usePages(expectList, { over })
  const doing = useDoing()
  const not = whyNot()
  const add = (form: HTMLFormElement) =>
    doing.run(async () => {
      const said = Object.fromEntries(names.map((name) => [name, written(form, name) || undefined]))
      await ask(expectAdd, {
        ...said,
        from: moment(form, "from") || undefined,
        until: moment(form, "until"),
        once: written(form, "once") === "true",
      })
      form.reset()
    })
  return (
    <section class="panel" aria-busy={pages.isLoading}>
      <header>
        <h2>Changes that are to come</h2>
        <span class="actions">
          <button type="button" aria-pressed={over} onClick={() => change({ over: over ? undefined : "true" })}>
            Those that are over too
          </button>
        </span>
      </header>
      {pages.error === undefined ? null : <Trouble error={pages.error} />}
      <table class="facts">
        <tbody>
          {pages.items.map(
            ({ id, state, types, fields, where, by, from, until, once, changes, lastChange, ...rest }) => (
              <tr key={id}>
                <th scope="row">
                  {where ?? "Everything"}
                  {by === null ? "" : ` · by ${by}`}
                </th>
                <td class="path">{[...(types ?? []), ...(fields ?? [])].join(", ")}</td>
                <td>
                  {state}
                  {once ? " · once" : ""}
                </td>
                <td>
                  <When at={from} /> to <When at={until} />
                </td>
                <td>
                  {lastChange === null ? (
                    <span class="soft">none came</span>
                  ) : (
                    <a href={hrefOf(`/events/${lastChange}`)}>{changes} came</a>
                  )}
                </td>
                <td class="soft">{[rest.actor, rest.reason, rest.ticket].filter((one) => one !== null).join(" · ")}</td>
                <td>
                  {not === undefined && state !== "over" ? (
                    <button
                      type="button"
                      class="link"
                      onClick={() => void doing.run(() => ask(expectWithdraw, { id }))}
                    >
                      Not to come
                    </button>
                  ) : null}
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
      <More of={pages} onMore={more} />
      {not === undefined ? (
        <form
          class="narrow"
          onSubmit={(event) => {
            event.preventDefault()
            void add(event.currentTarget)
          }}
        >
          <Said name="q" title="Of" hint="name:web-1" />
          <Said name="field" title="Fields" hint="packages,os.kernel" />
          <Said name="type" title="Events" hint="ServiceChanged" />
          <Said name="by" title="By" hint="ada" />
          <Said name="from" title="From" hint="now" />
          <Said name="until" title="Until" hint="+4h" value="+4h" />
          <Said name="reason" title="Reason" hint="upgrade" />
          <Said name="ticket" title="Ticket" hint="OPS-12" />
          <label>
            How often
            <select name="once">
              <option value="">each time</option>
              <option value="true">once of each</option>
            </select>
          </label>
          <button>Expect it</button>
        </form>
      ) : (
        <p class="soft hint">{not}</p>
      )}
      {doing.problem.value === undefined ? null : (
        <p class="problem" role="alert">
          {doing.problem.value}
        </p>
      )}
    </section>
  )
}

interface SaidProps {
  readonly name: string
  readonly title: string
  readonly hint: string
  readonly value?: string
}

function Said({ name, title, hint, value = "" }: SaidProps) {
  return (
    <label>
      {title}
      <input name={name} defaultValue={value} placeholder={hint} />
    </label>
  )
}
