/** The frame around every page: where one can go, the time that is looked at, and what is being told. */
import { useComputed, useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { Connection } from "./frame/connection.js"
import { Help } from "./frame/help.js"
import { Navigation } from "./frame/navigation.js"
import { PastBanner } from "./frame/past-banner.js"
import { QueryBox } from "./frame/query-box.js"
import { Scrubber } from "./frame/scrubber.js"
import { SignIn } from "./frame/sign-in.js"
import { isStranger } from "./answers.js"
import { keepInContent, toContent } from "./focus.js"
import { connection } from "./live.js"
import { Nothing, Trouble } from "./parts/said.js"
import { hrefOf, isPast, place, to } from "./place.js"
import { isSlow } from "./rounds.js"
import { type Found, type Page, routeOf } from "./routes.js"
import { session } from "./session.js"

export function App() {
  const isKnown = session.value !== undefined
  const { path } = place.value
  const before = useRef(path)
  useEffect(() => {
    if (before.current !== path) keepInContent()
    before.current = path
  }, [path])
  const state = useComputed(() =>
    ["frame", isPast.value && "in-the-past", to.value !== undefined && "comparing", isSlow.value && "slow"]
      .filter((one) => one !== false)
      .join(" "),
  )
  return (
    <div class={state}>
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <header class="top">
        <a class="brand" href={hrefOf("/")} aria-label="fleet-ledger">
          <Mark />
          <span>fleet-ledger</span>
        </a>
        <QueryBox />
        <Connection />
      </header>
      <Navigation />
      <div class="time">{isKnown ? <Scrubber /> : <div class="strip" />}</div>
      <main id="main" tabIndex={-1}>
        <PastBanner />
        {isKnown ? <Outlet /> : connection.value === "lost" ? <Away /> : null}
      </main>
      {isStranger.value ? <SignIn /> : null}
      <Help />
    </div>
  )
}

/** An address of its own would be a page. */
function skip(event: MouseEvent) {
  event.preventDefault()
  toContent()
}

/** Three leaves of a ledger, the newest on top. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M8 1 15 4.5 8 8 1 4.5Z" />
      <path class="under" d="M1 8l7 3.5L15 8M1 11.5 8 15l7-3.5" />
    </svg>
  )
}

function Outlet() {
  const found = routeOf(place.value.path)
  if (found === undefined) return <NoPage path={place.value.path} />
  return <Loading key={found.route.path} found={found} />
}

function Loading({ found: { route, params } }: { readonly found: Found }) {
  const page = useSignal<Page | undefined>(undefined)
  const error = useSignal<Error | undefined>(undefined)
  useEffect(() => {
    document.title = `${route.title} · fleet-ledger`
    route.load().then(
      (loaded) => (page.value = loaded),
      (failure: unknown) => (error.value = failure as Error),
    )
  }, [route, page, error])
  if (error.value !== undefined) return <Trouble error={error.value} />
  const Shown = page.value
  return Shown === undefined ? null : <Shown params={params} />
}

/** Before anything could be asked. */
function Away() {
  return <Nothing title="The server does not answer">It is tried again by itself. Is it still running?</Nothing>
}

function NoPage({ path }: { readonly path: string }) {
  return (
    <>
      <h1 class="visually-hidden">{path}</h1>
      <Nothing title="There is no such page">
        Nothing is at <code>{path}</code>. Go to the <a href={hrefOf("/")}>overview</a>, or write <kbd>/</kbd> and what
        you look for.
      </Nothing>
    </>
  )
}
