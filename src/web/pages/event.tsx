/** One event: who, why, from where, what it changed, as it is kept; and whether it is what was signed, worked out here. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { type Answer, addressOf } from "../ask.js"
import { event, queryList } from "../operations.js"
import { EntityLink } from "../parts/entity-link.js"
import { Fields } from "../parts/fields.js"
import { Panel } from "../parts/panel.js"
import { Trouble } from "../parts/said.js"
import { titleOf } from "../parts/story.js"
import { When } from "../parts/when.js"
import { change, go, hrefOf } from "../place.js"
import type { PageProps } from "../routes.js"
import { useKeys } from "../keys.js"
import { type Loaded, useAnswer } from "../use-answer.js"
import { Coverage, type CoverageProps } from "./discovery/coverage.js"
import { type Claim, type Verdict, verify } from "./event/verify.js"

type Shown = Answer<NonNullable<typeof event.of>>

export function EventPage({ params }: PageProps) {
  const position = Number(params["position"])
  // An event is what it is, whatever point is looked at.
  const found = useAnswer(event, { position, at: "now" })
  const last = useAnswer(queryList, found.error === undefined ? undefined : { at: "now" })
  const to = (next: number) => next >= 0 && go(hrefOf(`/events/${next}`))
  useKeys(
    [
      { keys: "j", does: "To the event after it", run: () => to(position + 1) },
      { keys: "k", does: "To the event before it", run: () => to(position - 1) },
    ],
    [position],
  )
  const { answer, error } = found
  if (error !== undefined && answer === undefined)
    return (
      <div class="page">
        <h1 class="visually-hidden">Event {params["position"]}</h1>
        <Trouble error={error} />
        {last.answer === undefined ? null : (
          <p class="hint">
            <a href={hrefOf(`/events/${last.answer.at.position}`)}>The last event #{last.answer.at.position}</a>
          </p>
        )}
      </div>
    )
  if (answer === undefined) return null
  return (
    <div class="page">
      <header class="page-head">
        <h1>{titleOf(answer.type)}</h1>
        <span class="count">#{position}</span>
        <ProofChip position={position} />
        <span class="actions">
          <button type="button" disabled={position === 0} onClick={() => to(position - 1)}>
            ‹ Previous
          </button>
          <button
            type="button"
            disabled={last.answer !== undefined && position >= last.answer.at.position}
            onClick={() => to(position + 1)}
          >
            Next ›
          </button>
          <button type="button" onClick={() => change({ at: `position:${position}` })}>
            Go to this moment
          </button>
        </span>
      </header>
      <div class="columns">
        <div class="stack">
          <Who of={found} />
          {answer.change === null ? null : <Changed of={found} />}
          {answer.run === null ? null : <Seen position={answer.run} />}
        </div>
        <div class="stack">
          <Kept of={found} />
        </div>
      </div>
    </div>
  )
}

function Who({ of }: { readonly of: Loaded<Shown> }) {
  return (
    <Panel title="Who, when and why" of={of}>
      {({ change: told, actor, recordedAt, head }) => {
        const envelope = JSON.parse(head) as Record<string, unknown>
        return (
          <table class="facts">
            <tbody>
              {told === null ? null : <Fact name="About" value={<EntityLink entity={told.entity} />} />}
              {told?.by == null ? null : <Fact name="Done by" value={told.by} />}
              {told?.reason == null ? null : <Fact name="Reason" value={told.reason} />}
              <Fact name="Written down by" value={actor} />
              {told?.source == null ? null : <Fact name="Seen by source" value={told.source} />}
              {told?.runId == null ? null : (
                <Fact name="In the look" value={<a href={hrefOf("/history", { run: told.runId })}>{told.runId}</a>} />
              )}
              {told?.expectation == null ? null : <Fact name="Expected" value={told.expectation} />}
              {told?.occurredAt === undefined ? null : <Fact name="Occurred" value={<When at={told.occurredAt} />} />}
              {told === null ? null : <Fact name="Observed" value={<When at={told.observedAt} />} />}
              <Fact name="Recorded" value={<When at={recordedAt} />} />
              <Fact name="Stream" value={<code>{String(envelope["stream"])}</code>} />
              <Fact name="Revision" value={String(envelope["revision"])} />
              <Fact name="Event" value={<code>{String(envelope["id"])}</code>} />
            </tbody>
          </table>
        )
      }}
    </Panel>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: preact.ComponentChildren }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{value}</td>
    </tr>
  )
}

function Changed({ of }: { readonly of: Loaded<Shown> }) {
  return (
    <Panel
      title="What it changed"
      of={of}
      empty={{ title: "All of it was new then", hint: "What was found stands in the event as it is kept." }}
      isEmpty={({ change: told }) => told?.changes.length === 0}
    >
      {({ change: told }) => (
        <ul class="differences">
          <li>
            <Fields of={told?.changes ?? []} />
          </li>
        </ul>
      )}
    </Panel>
  )
}

/** What the look that told it could see: what it did not look at, it cannot have found gone. */
function Seen({ position }: { readonly position: number }) {
  const account = useAnswer(event, { position, at: "now" })
  return (
    <Panel title="What that look saw" of={account}>
      {({ type, data }) => (
        <div class="coverage">
          <Coverage run={accountOf(type, data)} />
          <a href={hrefOf(`/events/${position}`)}>Its account #{position}</a>
        </div>
      )}
    </Panel>
  )
}

function accountOf(type: string, data: string): CoverageProps["run"] {
  const outcome = type === "DiscoveryFailed" ? "failed" : "completed"
  return { ...(JSON.parse(data) as object), outcome }
}

function Kept({ of }: { readonly of: Loaded<Shown> }) {
  return (
    <Panel title="As it is kept" of={of}>
      {({ head, data, proof }) => (
        <div class="kept">
          <h3>Envelope</h3>
          <pre tabIndex={0}>{indented(head)}</pre>
          <h3>Payload</h3>
          <pre tabIndex={0}>{indented(data)}</pre>
          {proof === null ? null : (
            <>
              <h3>Checkpoint that vouches for it</h3>
              <pre tabIndex={0}>{proof.note}</pre>
            </>
          )}
        </div>
      )}
    </Panel>
  )
}

function indented(text: string): string {
  return JSON.stringify(JSON.parse(text), null, 2)
}

const looks = { verified: "healthy", unsealed: "notice", wrong: "critical", unchecked: "warning" } as const
const ends: Readonly<Record<Verdict["is"], string>> = {
  verified: "Verified here",
  unsealed: "Not in a checkpoint yet",
  wrong: "NOT what was signed",
  unchecked: "Could not be checked here",
}

/** Recorded → in a checkpoint → verified, by the very bytes that came, in this browser. */
function ProofChip({ position }: { readonly position: number }) {
  const verdict = useSignal<Verdict | undefined>(undefined)
  useEffect(() => {
    const abort = new AbortController()
    verdict.value = undefined
    // Not by `ask`, which makes foreign text harmless to look at: what is hashed are the bytes as they are.
    fetch(addressOf(event, { position }), { signal: abort.signal })
      .then(async (response) => verify({ ...((await response.json()) as Omit<Claim, "position">), position }))
      .then(
        (found) => (verdict.value = found),
        () => undefined,
      )
    return () => abort.abort()
  }, [position])
  const { value } = verdict
  return (
    <span class="steps" role="status" title={value === undefined ? "" : titleFor(value)}>
      <span class="tag healthy">Recorded</span> →{" "}
      {value === undefined ? (
        <span class="tag">Being verified…</span>
      ) : (
        <>
          {value.is === "verified" ? (
            <>
              <span class="tag healthy">In the checkpoint of {value.size} events</span> →{" "}
            </>
          ) : null}
          <span class={`tag proof ${looks[value.is]}`}>
            {ends[value.is]}
            {"why" in value ? `: ${value.why}` : ""}
          </span>
        </>
      )}
    </span>
  )
}

function titleFor({ is }: Verdict): string {
  if (is === "verified")
    return "The hash of these bytes leads to the root of the tree that the checkpoint signs. Whether that is your ledger's key, compare with one that you kept elsewhere."
  if (is === "unsealed") return "It is sealed within minutes, or by fleet-ledger proof checkpoint."
  return ""
}
