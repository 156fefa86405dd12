/** One operation: what it is, a form for what it takes, and what came of it when it was sent. */
import { useSignal } from "@preact/signals"
import { printable } from "#kernel/printable.js"
import { at } from "../../place.js"
import { session } from "../../session.js"
import type { Described, Field } from "./described.js"
import { type Asking, asCommand, requestOf } from "./request.js"

/** What of an answer is shown; all of it can be had by the command. */
const shownCharacters = 50_000

interface Came {
  readonly status: number
  readonly headers: string
  readonly body: string
}

const toldHeaders = ["content-type", "etag", "fleet-ledger-position", "fleet-ledger-next", "location", "retry-after"]

export function Tried({ operation }: { readonly operation: Described }) {
  const { method, path, summary, scope, fields, takes, isStream, answer } = operation
  const given = useSignal<Readonly<Record<string, string | undefined>>>(at.value === undefined ? {} : { at: at.value })
  const came = useSignal<Came | undefined>(undefined)
  const request = written(operation, given.value)
  const missing = fields.filter(({ name, required }) => required && (given.value[name] ?? "") === "")
  const isHere = takes.length === 0 && !isStream
  return (
    <section class="panel tried">
      <h2>{summary}</h2>
      <p>
        <code>
          {method} {path}
        </code>{" "}
        <span class="soft">needs the scope {scope}</span>
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (typeof request !== "string") void sent(request).then((what) => (came.value = what))
        }}
      >
        {fields.map((field) => (
          <Asked
            key={field.name}
            field={field}
            value={given.value[field.name] ?? ""}
            onWrite={(text) => (given.value = { ...given.value, [field.name]: text })}
          />
        ))}
        {isHere ? (
          <p class="actions">
            <button class="primary" disabled={missing.length > 0 || typeof request === "string"}>
              Send
            </button>
            {method === "GET" ? null : <span class="soft">This changes something, as {session.value?.name}.</span>}
          </p>
        ) : (
          <p class="soft">
            {isStream
              ? "It goes on for as long as somebody listens: the command follows it."
              : `It takes a file (${takes.join(", ")}): give it to the command with --data-binary @FILE.`}
          </p>
        )}
      </form>
      <h3>As a command</h3>
      {typeof request === "string" ? (
        <p class="problem">{request}</p>
      ) : (
        <pre tabIndex={0}>{asCommand(request, location.origin)}</pre>
      )}
      {came.value === undefined ? null : (
        <div role="status">
          <h3>Answer: {came.value.status}</h3>
          <pre tabIndex={0} class="head">
            {came.value.headers}
          </pre>
          <pre tabIndex={0}>{came.value.body}</pre>
        </div>
      )}
      {answer === undefined ? null : (
        <details>
          <summary>What is answered</summary>
          <pre tabIndex={0}>{JSON.stringify(answer, null, 2)}</pre>
        </details>
      )}
    </section>
  )
}

/** The request, or why there can be none yet. */
function written(operation: Described, given: Readonly<Record<string, string | undefined>>): Asking | string {
  try {
    return requestOf(operation, given)
  } catch (error) {
    return `What is not text is written as JSON: ${(error as Error).message}`
  }
}

async function sent({ method, url, headers, body }: Asking): Promise<Came> {
  try {
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
    const told = toldHeaders.flatMap((name) => {
      const value = response.headers.get(name)
      return value === null ? [] : [`${name}: ${value}`]
    })
    return { status: response.status, headers: told.join("\n"), body: readable(await response.text()) }
  } catch (error) {
    return { status: 0, headers: "", body: `The server does not answer: ${(error as Error).message}` }
  }
}

function readable(text: string): string {
  const whole = laidOut(text)
  const shown = whole.slice(0, shownCharacters).split("\n").map(printable).join("\n")
  return whole.length <= shownCharacters ? shown : `${shown}\n… ${whole.length - shownCharacters} characters more`
}

function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

interface AskedProps {
  readonly field: Field
  readonly value: string
  readonly onWrite: (text: string) => void
}

function Asked({
  field: { name, in: where, required, description, choices, isText, otherwise },
  value,
  onWrite,
}: AskedProps) {
  const hint = otherwise === "" ? (isText ? "" : "JSON") : otherwise
  return (
    <label>
      <span>
        <code>{name}</code>
        {required ? " (must be given)" : ""} <span class="soft">{where}</span>
      </span>
      {choices.length > 0 ? (
        <select value={value} onChange={(event) => onWrite(event.currentTarget.value)}>
          <option value="">{otherwise === "" ? "" : `${otherwise}, unless chosen`}</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          value={value}
          placeholder={hint}
          required={required}
          onInput={(event) => onWrite(event.currentTarget.value)}
        />
      )}
      {description === "" ? null : <span class="soft">{description}</span>}
    </label>
  )
}
