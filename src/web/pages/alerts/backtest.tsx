/** What a rule would have raised in a stretch of the past, whether it is in force or only thought of. */
import { useSignal } from "@preact/signals"
import type * as z from "zod"
import { useDoing } from "../../doing.js"
import { moment, written } from "../../forms.js"
import { type Progress, followed } from "../../job.js"
import { backtest } from "../../operations.js"
import { About } from "../../parts/about.js"
import { Rest } from "../../parts/rest.js"
import { Nothing } from "../../parts/said.js"
import { When } from "../../parts/when.js"
import { at, hrefOf } from "../../place.js"
import { pointText } from "../../time.js"
import { ruleNames } from "./rule-names.js"

type Found = z.output<NonNullable<typeof backtest.of>["output"]>

/** So many are listed at first, and with each press more. */
const perPage = 100

export function Backtest() {
  const running = useSignal<Progress | undefined>(undefined)
  const found = useSignal<Found | undefined>(undefined)
  const doing = useDoing()
  const isRunning = running.value?.state === "running"
  const run = (form: HTMLFormElement) =>
    doing.run(async () => {
      const said = Object.fromEntries([
        ...["rule", "define"].map((name) => [name, written(form, name) || undefined]),
        ...["from", "to"].map((name) => [name, moment(form, name) || undefined]),
      ])
      found.value = undefined
      try {
        found.value = await followed(backtest, said, (now) => (running.value = now))
      } finally {
        running.value = undefined
      }
    })
  return (
    <section class="panel" aria-busy={isRunning} aria-label="What a rule would have raised">
      <header>
        <h2>What a rule would have raised</h2>
      </header>
      <form
        class="narrow"
        onSubmit={(event) => {
          event.preventDefault()
          void run(event.currentTarget)
        }}
      >
        <label>
          By the rule
          <input name="rule" placeholder="all of them" list="rules" spellcheck={false} />
        </label>
        <datalist id="rules">
          {ruleNames.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <label>
          From then
          <input name="from" defaultValue="-7d" placeholder="the beginning" />
        </label>
        <label>
          Up to
          <input name="to" key={at.value} defaultValue={pointText(at.value ?? "")} placeholder="now" />
        </label>
        <label>
          Or rules of one's own, in YAML
          <textarea name="define" rows={1} placeholder="- {name: …}, as under alerts.rules" spellcheck={false} />
        </label>
        <button disabled={isRunning}>Go through it</button>
        {running.value === undefined ? null : (
          <span role="status">
            <progress max={Math.max(running.value.total, 1)} value={running.value.done} aria-label="How far it is" />
          </span>
        )}
      </form>
      {doing.problem.value === undefined ? null : (
        <p class="problem" role="alert">
          {doing.problem.value}
        </p>
      )}
      {found.value === undefined ? null : <Raised found={found.value} />}
    </section>
  )
}

function Raised({ found: { raised, open, from, to, items } }: { readonly found: Found }) {
  const most = useSignal(perPage)
  if (items.length === 0)
    return <Nothing title="Nothing would have been raised">Begin earlier, or try another rule.</Nothing>
  return (
    <>
      <p class="hint" role="status">
        {raised} would have been raised from <When at={from.time} /> to <When at={to.time} />, and {open} would not be
        over.
      </p>
      <table class="facts">
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">What</th>
            <th scope="col">About</th>
            <th scope="col">Raised at</th>
            <th scope="col">Over at</th>
            <th scope="col">It was</th>
          </tr>
        </thead>
        <tbody>
          {items
            .slice(0, most.value)
            .map(({ id, rule, severity, title, about, count, raised: at_, resolved, wasRaised }) => (
              <tr key={`${id} ${at_.position}`}>
                <td>
                  <span class={`tag ${severity}`}>{severity}</span>
                </td>
                <td>
                  {title}
                  {count > 1 ? <span class="soft"> · stands for {count}</span> : null}
                </td>
                <td>
                  <About about={about} rule={rule} />
                </td>
                <td>
                  <a href={hrefOf(`/events/${at_.position}`)}>
                    <When at={at_.time} />
                  </a>
                </td>
                <td>
                  {resolved === null ? (
                    "not over"
                  ) : (
                    <a href={hrefOf(`/events/${resolved.position}`)}>
                      <When at={resolved.time} />
                    </a>
                  )}
                </td>
                <td>
                  {wasRaised ? <a href={hrefOf(`/alerts/${id}`)}>raised</a> : <span class="soft">not raised</span>}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
      <Rest left={items.length - most.value} onMore={() => (most.value += perPage)} />
    </>
  )
}
