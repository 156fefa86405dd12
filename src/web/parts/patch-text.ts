/**
 * An entity's JSON Patch for the clipboard, exactly as the API gives it. What a page shows has been made harmless and would apply to no document, so it is asked anew;
 * what hides or reorders writing is escaped as JSON knows how, which means the same to whoever parses it.
 */
import { type Answer, type Input, addressOf } from "../ask.js"
import { diff } from "../operations.js"

type Of = NonNullable<typeof diff.of>
type Item = Answer<Of>["items"][number]

const mostAtOnce = 1_000

/**
 * @param asked the question that it is an answer to, of two points that stand still
 * @throws TypeError, Error when it cannot be had
 */
export async function patchText(asked: Input<Of>, { entity, group }: Pick<Item, "entity" | "group">): Promise<string> {
  for (let cursor: string | null = null; ;) {
    const address = addressOf(diff, { ...asked, limit: mostAtOnce, ...(cursor === null ? {} : { cursor }) })
    const response = await fetch(address)
    if (!response.ok) throw new Error(`the server answered ${response.status}`)
    const page = (await response.json()) as Pick<Answer<Of>, "items" | "next">
    const found = page.items.find((item) => item.entity.id === entity.id && item.group === group)
    if (found !== undefined) return escaped(JSON.stringify(found.patch, null, 2))
    if (page.next === null) throw new Error("it is not there any more")
    cursor = page.next
  }
}

function escaped(json: string): string {
  return json.replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""),
  )
}
