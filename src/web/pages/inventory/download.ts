/** What is listed, with the columns that are shown, as a file: page after page of the server's own CSV. */
import { fetched } from "../../answers.js"

/** @throws Refused */
export async function download(
  path: string,
  input: Readonly<Record<string, string | undefined>>,
  columns: readonly string[],
  title: string,
): Promise<void> {
  const parts: string[] = []
  let cursor: string | null = null
  do {
    const given: [string, string | undefined][] = [
      ...Object.entries(input),
      ["fields", fieldsOf(columns)],
      ["limit", "1000"],
      ["cursor", cursor ?? undefined],
    ]
    const query = new URLSearchParams(
      given.filter((pair): pair is [string, string] => pair[1] !== undefined && !(cursor !== null && pair[0] === "at")),
    )
    const response: Response = await fetched(`${path}?${query.toString()}`, { headers: { accept: "text/csv" } })
    const text = await response.text()
    parts.push(cursor === null ? text : text.slice(text.indexOf("\n") + 1))
    cursor = response.headers.get("fleet-ledger-next")
  } while (cursor !== null)
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob(parts, { type: "text/csv" }))
  link.download = `${title.toLowerCase()}.csv`
  link.click()
  URL.revokeObjectURL(link.href)
}

/** A machine that something runs on is named. */
function fieldsOf(columns: readonly string[]): string {
  return columns.map((name) => (name === "target" ? "target.name" : name)).join(",")
}
