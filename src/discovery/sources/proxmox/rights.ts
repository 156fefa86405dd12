/** What a token may see. The API answers with an empty list, and not with an error, where a right is missing. */
import { foreignText } from "../../facts/foreign.js"
import type { Permissions } from "./pages.js"

/** The right, and the paths that it has to hold on and below, for what is there to be all there is. */
const needed = {
  guests: ["VM.Audit", "/vms"],
  nodes: ["Sys.Audit", "/nodes"],
  storage: ["Datastore.Audit", "/storage"],
} as const

/** @returns which right is missing where, undefined when none is */
export function missingRight(kind: keyof typeof needed, permissions: Permissions): string | undefined {
  const [right, top] = needed[kind]
  // A path below has rights of its own, which take the place of what it would inherit. Sorted, as the API says them in any order.
  const below = Object.keys(permissions)
    .filter((path) => path.startsWith(`${top}/`))
    .toSorted()
  const lacking =
    permissions[top]?.[right] === true ? below.find((path) => permissions[path]?.[right] === undefined) : top
  return lacking === undefined ? undefined : foreignText(`the token lacks ${right} on ${lacking}`)
}
