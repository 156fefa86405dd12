/** Who tells of a machine, where several do: what one of them tells can be of another machine. */
import { type Answer, ask } from "../../ask.js"
import { useDoing, whyNot } from "../../doing.js"
import { identityUnlink, type show } from "../../operations.js"

interface RecordsProps {
  readonly machine: string
  readonly records: Answer<NonNullable<typeof show.of>>["records"]
}

export function Records({ machine, records }: RecordsProps) {
  const doing = useDoing()
  const mayAct = whyNot() === undefined
  return (
    <section class="panel">
      <header>
        <h2>Told by</h2>
        <span class="count">{records.length}</span>
      </header>
      <ul class="lines">
        {records.map(({ id, source, nativeKey }) => (
          <li key={id}>
            <strong>{source}</strong>
            <span class="grow wrap value">{nativeKey}</span>
            {/* The oldest is what the machine goes by. */}
            {mayAct && id !== machine ? (
              <button
                type="button"
                class="link"
                aria-label={`What ${source} tells is of another machine`}
                title="Both histories are as they were"
                onClick={() => void doing.run(() => ask(identityUnlink, { record: id }))}
              >
                Is another machine
              </button>
            ) : null}
          </li>
        ))}
        {doing.problem.value === undefined ? null : (
          <li class="problem" role="alert">
            {doing.problem.value}
          </li>
        )}
      </ul>
    </section>
  )
}
