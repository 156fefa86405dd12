/** Times in which trouble is recorded and nobody is told: what is planned or goes on, and planning more. */
import { ask } from "../../ask.js"
import { useDoing, whyNot } from "../../doing.js"
import { moment, written } from "../../forms.js"
import { maintenanceEnd, maintenanceList, maintenancePlan } from "../../operations.js"
import { Panel } from "../../parts/panel.js"
import { When } from "../../parts/when.js"
import { useAnswer } from "../../use-answer.js"

export function Maintenance() {
  const found = useAnswer(maintenanceList, {})
  const doing = useDoing()
  const not = whyNot()
  const plan = (form: HTMLFormElement) => {
    const [where, reason] = ["where", "why"].map((name) => written(form, name) || undefined)
    return ask(maintenancePlan, {
      until: moment(form, "until"),
      where,
      from: moment(form, "from") || undefined,
      reason,
    })
  }
  return (
    <Panel title="Maintenance" count={found.answer?.items.length} of={found}>
      {({ items }) => (
        <>
          <table class="facts">
            <tbody>
              {items.map(({ id, where, from, until, active, plannedBy, reason }) => (
                <tr key={id}>
                  <th scope="row">{where ?? "Everything"}</th>
                  <td>{active ? "goes on" : "planned"}</td>
                  <td>
                    <When at={from} /> to <When at={until} />
                  </td>
                  <td class="soft">
                    {plannedBy}
                    {reason === null ? "" : ` · ${reason}`}
                  </td>
                  <td>
                    {not === undefined ? (
                      <button
                        type="button"
                        class="link"
                        onClick={() => void doing.run(() => ask(maintenanceEnd, { id }))}
                      >
                        End it
                      </button>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {not === undefined ? (
            <form
              class="narrow"
              onSubmit={(event) => {
                event.preventDefault()
                const form = event.currentTarget
                void doing.run(() => plan(form))
              }}
            >
              <label>
                Of
                <input name="where" placeholder="tag:web" />
              </label>
              <label>
                From
                <input name="from" placeholder="now" />
              </label>
              <label>
                Until
                <input name="until" defaultValue="2h" />
              </label>
              <label>
                What for
                <input name="why" placeholder="upgrade" />
              </label>
              <button>Tell nobody meanwhile</button>
            </form>
          ) : (
            <p class="soft hint">{not}</p>
          )}
          {doing.problem.value === undefined ? null : (
            <p class="problem" role="alert">
              {doing.problem.value}
            </p>
          )}
        </>
      )}
    </Panel>
  )
}
