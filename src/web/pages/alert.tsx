/** One alert: what it is about, what has become of it, and what one can do. */
import { ask } from "../ask.js"
import { type Doing, useDoing, whyNot } from "../doing.js"
import { moment, written } from "../forms.js"
import { alertAcknowledge, alertResolve, alertShow, alertSilence } from "../operations.js"
import { About } from "../parts/about.js"
import { Panel } from "../parts/panel.js"
import { Trouble } from "../parts/said.js"
import { titleOf } from "../parts/story.js"
import { When } from "../parts/when.js"
import { hrefOf } from "../place.js"
import type { PageProps } from "../routes.js"
import { useAnswer } from "../use-answer.js"

export function AlertPage({ params }: PageProps) {
  const id = params["alert"] ?? ""
  const found = useAnswer(alertShow, { alert: id })
  const doing = useDoing()
  const { answer, error } = found
  if (answer === undefined)
    return error === undefined ? null : (
      <div class="page">
        <h1 class="visually-hidden">Alert {id}</h1>
        <Trouble error={error} />
        <p class="hint">
          <a href={hrefOf("/alerts", { all: "true" })}>All alerts</a>
        </p>
      </div>
    )
  const { alert, cause } = answer
  return (
    <div class="page">
      <header class="page-head">
        <h1>{alert.title}</h1>
        <span class={`tag ${alert.severity}`}>{alert.severity}</span>
        <span>{alert.state}</span>
      </header>
      <div class="columns">
        <section class="panel">
          <header>
            <h2>What it is about</h2>
          </header>
          <table class="facts">
            <tbody>
              <tr>
                <th scope="row">About</th>
                <td>
                  <About about={alert.about} rule={alert.rule} />
                </td>
              </tr>
              <tr>
                <th scope="row">Rule</th>
                <td>{alert.rule}</td>
              </tr>
              <tr>
                <th scope="row">Raised</th>
                <td>
                  <When at={alert.raised.time} />
                </td>
              </tr>
              {cause === null ? null : (
                <tr>
                  <th scope="row">Found at</th>
                  <td>
                    <a href={hrefOf(`/events/${cause.position}`)}>
                      {titleOf(cause.type)} #{cause.position}
                    </a>
                  </td>
                </tr>
              )}
              {alert.silencedUntil === null ? null : (
                <tr>
                  <th scope="row">Silenced until</th>
                  <td>
                    <When at={alert.silencedUntil} />
                  </td>
                </tr>
              )}
            </tbody>
          </table>
          {alert.state === "resolved" ? null : <Actions id={id} doing={doing} />}
        </section>
        <Panel title="What has happened since" of={found}>
          {({ story }) => (
            <ol class="story">
              {story.map(({ position, time, what, actor, reason }) => (
                <li key={position}>
                  <span class="at">
                    <When at={time} />
                  </span>
                  <div>
                    <a href={hrefOf(`/events/${position}`)}>{what}</a>{" "}
                    <span class="who">
                      by {actor}
                      {reason === null ? "" : ` · ${reason}`}
                    </span>
                  </div>
                </li>
              ))}
            </ol>
          )}
        </Panel>
      </div>
    </div>
  )
}

function Actions({ id, doing }: { readonly id: string; readonly doing: Doing }) {
  const not = whyNot()
  if (not !== undefined) return <p class="soft hint">{not}</p>
  const said = (form: HTMLFormElement) => {
    const reason = written(form, "reason")
    return { alert: id, ...(reason === "" ? {} : { reason }) }
  }
  return (
    <form class="narrow" onSubmit={(event) => event.preventDefault()}>
      <label>
        Why
        <input name="reason" placeholder="looking at it" />
      </label>
      <label>
        Silence until
        <input name="until" defaultValue="2h" />
      </label>
      <Act name="Acknowledge" run={(form) => doing.run(() => ask(alertAcknowledge, said(form)))} />
      <Act
        name="Silence"
        run={(form) => doing.run(() => ask(alertSilence, { ...said(form), until: moment(form, "until") }))}
      />
      <Act name="Resolve" run={(form) => doing.run(() => ask(alertResolve, said(form)))} />
      {doing.problem.value === undefined ? null : (
        <p class="problem" role="alert">
          {doing.problem.value}
        </p>
      )}
    </form>
  )
}

function Act({ name, run }: { readonly name: string; readonly run: (form: HTMLFormElement) => Promise<void> }) {
  return (
    <button
      type="button"
      onClick={({ currentTarget: { form } }) => {
        if (form !== null) void run(form)
      }}
    >
      {name}
    </button>
  )
}
