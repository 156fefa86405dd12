/** What is said where there is nothing to show, or where something went wrong: always with what to do next. */
import type { ComponentChildren } from "preact"
import { Refused } from "../answers.js"
import { refresh } from "../live.js"
import { at, change, travel } from "../place.js"

export function Nothing({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="nothing">
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  )
}

export function Trouble({ error }: { readonly error: Error }) {
  if (error instanceof Refused && error.status === 401) return null
  if (!(error instanceof Refused))
    return (
      <Nothing title="The server does not answer">
        What is shown may be old. It is tried again by itself, or{" "}
        <button type="button" class="link" onClick={refresh}>
          now
        </button>
        .
      </Nothing>
    )
  const isOfPoint = error.code === "InvalidPoint" || (error.code === "NotFound" && at.value !== undefined)
  return (
    <div class="nothing" role="alert">
      <h2>{titles[error.code] ?? "That did not work"}</h2>
      <p>{error.message}</p>
      {error.code === "InvalidQuery" ? (
        <p>
          <button type="button" onClick={() => change({ q: undefined })}>
            Ask for everything
          </button>
        </p>
      ) : null}
      {isOfPoint ? (
        <p>
          <button type="button" onClick={() => travel(undefined)}>
            Look at now
          </button>
        </p>
      ) : null}
    </div>
  )
}

const titles: Readonly<Record<string, string>> = {
  InvalidPoint: "That is no point in time",
  InvalidQuery: "That query cannot be understood",
  NotFound: "That is not here",
  Ambiguous: "That may mean several",
  Forbidden: "That is not for you to see",
  RateLimited: "That was too much at once",
}
