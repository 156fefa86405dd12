/** Where one can go, always at the time that is looked at. */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { toPart } from "../focus.js"
import { useKeys } from "../keys.js"
import { Folding } from "../parts/folding.js"
import { go, hrefOf, place } from "../place.js"
import { type Route, routes } from "../routes.js"
import { session, signOut } from "../session.js"

type Listed = Route & { readonly nav: NonNullable<Route["nav"]> }
const listed = routes.filter((route): route is Listed => route.nav !== undefined)
const groups = [...new Set(listed.map(({ nav }) => nav.group))]

export function Navigation() {
  useKeys(
    [
      { keys: "n", does: "To the next part of the page", run: () => toPart(1) },
      { keys: "p", does: "To the part before it", run: () => toPart(-1) },
      ...listed.map(({ path, title, nav }) => ({
        keys: `g ${nav.key}`,
        does: `Go to ${title}`,
        run: () => go(hrefOf(path)),
      })),
    ],
    [],
  )
  const { path } = place.value
  const who = session.value
  const isOpen = useSignal(false)
  useEffect(() => void (isOpen.value = false), [path, isOpen])
  return (
    <nav class="side" aria-label="Pages">
      <Folding id="pages" title="Pages" isOpen={isOpen}>
        {groups.map((group) => (
          <section key={group}>
            <h2>{group}</h2>
            <ul>
              {listed
                .filter(({ nav }) => nav.group === group)
                .map((route) => (
                  <li key={route.path}>
                    <a href={hrefOf(route.path)} aria-current={path === route.path ? "page" : undefined}>
                      {route.title}
                      <kbd aria-hidden="true">g {route.nav.key}</kbd>
                    </a>
                  </li>
                ))}
            </ul>
          </section>
        ))}
        {who === undefined ? null : (
          <footer>
            <span title={`may ${who.scope}`}>{who.name}</span>
            <button type="button" class="plain" onClick={() => void signOut()}>
              Sign out
            </button>
          </footer>
        )}
      </Folding>
    </nav>
  )
}
