/** What a token may see. The API answers with an empty list, and not with an error, where a right is missing. */
import pLimit from "p-limit"
import { foreignText } from "../../facts/foreign.js"
import type { Client } from "./client.js"
import { page } from "./page.js"
import { type Permissions, permissions as permissionsPage } from "./pages.js"

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
    permissions[top]?.[right] === true ? below.find((path) => (permissions[path]?.[right] ?? null) === null) : top
  return lacking === undefined ? undefined : foreignText(`the token lacks ${right} on ${lacking}`)
}

/** Questions at once. */
const together = 8

/**
 * Of machines that are not listed, those that the token may not see, and why. That shows only when it is asked of each: among all permissions the API leaves out a path on which
 * there are none, as the role NoAccess on one guest makes it. With a guest goes what was said of its rights, so of one that is gone those hold that all guests have.
 *
 * @throws what a page does when the token does not count any more
 */
export async function hidden(client: Client, nativeKeys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const limit = pLimit(together)
  const whys = await Promise.all(
    nativeKeys.map((key) => limit(async () => [key, await whyHidden(client, key)] as const)),
  )
  return new Map(whys.flatMap(([key, why]) => (why === undefined ? [] : [[key, foreignText(why)] as const])))
}

async function whyHidden(client: Client, nativeKey: string): Promise<string | undefined> {
  const [kind, name = ""] = nativeKey.split("/")
  const [right, top] = kind === "node" ? needed.nodes : needed.guests
  const path = `${top}/${name}`
  const own = await page(client.get(`/access/permissions?path=${path}`, permissionsPage))
  if ("why" in own) return `it cannot be seen whether the token has ${right} on ${path}: ${own.why}`
  return (own.value[path]?.[right] ?? null) === null ? `the token lacks ${right} on ${path}` : undefined
}
