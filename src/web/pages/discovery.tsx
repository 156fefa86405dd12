/** How the fleet is looked at: each source with what it sees and what not, a look while it runs, what fills the ledger, and what may be one machine. */
import { useSignal } from "@preact/signals"
import { ask } from "../ask.js"
import { useDoing, whyNot } from "../doing.js"
import { type Progress, followed } from "../job.js"
import { discover, identityLink, identityReview, identitySeparate, noise, status } from "../operations.js"
import { EntityLink } from "../parts/entity-link.js"
import { Panel } from "../parts/panel.js"
import { When } from "../parts/when.js"
import { useAnswer } from "../use-answer.js"
import { Coverage, mostFailures } from "./discovery/coverage.js"

export function DiscoveryPage() {
  const found = useAnswer(status, { failures: mostFailures })
  const running = useSignal<Progress | undefined>(undefined)
  const changes = useSignal(0)
  const doing = useDoing()
  const not = whyNot()
  const start = (source?: string) => {
    if (running.value?.state === "running") return
    void doing.run(async () => {
      const done = await followed(discover, source === undefined ? {} : { source }, (now) => (running.value = now))
      changes.value = done?.changes ?? 0
    })
  }
  const { value: now } = running
  return (
    <div class="page">
      <header class="page-head">
        <h1>Discovery</h1>
        <span class="actions">
          {not === undefined ? (
            <button type="button" aria-disabled={now?.state === "running"} onClick={() => start()}>
              Look at everything now
            </button>
          ) : (
            <span class="soft">{not}</span>
          )}
        </span>
      </header>
      {now === undefined ? null : (
        <p class="looking" role="status">
          {now.state === "running" ? (
            <>
              <progress max={Math.max(now.total, 1)} value={now.done} aria-label="How far the look is" /> {now.done} of{" "}
              {now.total} {now.what}
            </>
          ) : (
            `The look is ${now.state}: ${changes.value} changes`
          )}
        </p>
      )}
      {doing.problem.value === undefined ? null : (
        <p class="problem" role="alert">
          {doing.problem.value}
        </p>
      )}
      <Panel title="Sources" count={found.answer?.sources.length} of={found}>
        {({ sources }) => (
          <table class="facts">
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col">Kind</th>
                <th scope="col">Last look</th>
                <th scope="col">What it saw, and what not</th>
                <th scope="col">
                  <span class="visually-hidden">Look</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sources.map(({ name, kind, lastSeen, run, failures }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="soft">{kind}</td>
                  <td>{lastSeen === null ? "never" : <When at={lastSeen} short />}</td>
                  <td>
                    <Coverage run={run} failures={failures} />
                  </td>
                  <td class="num">
                    {kind === "elsewhere" || not !== undefined ? null : (
                      <button type="button" class="link" onClick={() => start(name)}>
                        Look now
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
      <div class="columns">
        <Review />
        <Noise />
      </div>
    </div>
  )
}

/** Pairs that somebody has to decide about. */
function Review() {
  const found = useAnswer(identityReview, {})
  const doing = useDoing()
  const not = whyNot()
  return (
    <Panel
      title="May be one machine"
      count={found.answer?.items.length}
      of={found}
      empty={{ title: "Nothing is doubtful", hint: "Pairs of which the evidence says neither would be here." }}
      isEmpty={({ items }) => items.length === 0}
    >
      {({ items }) => (
        <ul class="lines">
          {items.map(({ records, reasons }) => {
            const [one, other] = records
            if (one === undefined || other === undefined) return null
            const pair = { record: one.id, target: other.target.id }
            return (
              <li key={`${one.id} ${other.id}`} class="wrap">
                <span class="grow wrap">
                  <EntityLink entity={one.target} /> ({one.source}) and <EntityLink entity={other.target} /> (
                  {other.source}) <span class="soft">{reasons.join(", ")}</span>
                </span>
                {not === undefined ? (
                  <>
                    <button type="button" onClick={() => void doing.run(() => ask(identityLink, pair))}>
                      They are one
                    </button>
                    <button type="button" onClick={() => void doing.run(() => ask(identitySeparate, pair))}>
                      They are two
                    </button>
                  </>
                ) : null}
              </li>
            )
          })}
          {doing.problem.value === undefined ? null : <li class="problem">{doing.problem.value}</li>}
        </ul>
      )}
    </Panel>
  )
}

function Noise() {
  const found = useAnswer(noise, { limit: 12 })
  return (
    <Panel
      title="What fills the ledger"
      of={found}
      empty={{ title: "Nothing changed in the last week", hint: "An idle fleet writes nothing." }}
      isEmpty={({ items }) => items.length === 0}
    >
      {({ items }) => (
        <table class="facts">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Source</th>
              <th scope="col" class="num">
                Changes a day
              </th>
              <th scope="col">Last of</th>
            </tr>
          </thead>
          <tbody>
            {items.map(({ field, source, perDay, example }) => (
              <tr key={`${field} ${source}`}>
                <td class="path">{field}</td>
                <td class="soft">{source}</td>
                <td class="num">{perDay}</td>
                <td>
                  <EntityLink entity={example} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
