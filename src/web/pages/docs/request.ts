/** A request as a form says it, and the same as a command for a terminal. */
import type { Described } from "./described.js"

export interface Asking {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** @param given what was written into each field @throws SyntaxError for what should be JSON and is none */
export function requestOf(
  { method, path, fields }: Described,
  given: Readonly<Record<string, string | undefined>>,
): Asking {
  const filled = fields.flatMap((field) => {
    const text = given[field.name] ?? ""
    return text === "" ? [] : [{ ...field, text }]
  })
  const of = (where: string) => filled.filter((field) => field.in === where)
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? ""))
  const query = new URLSearchParams(of("query").map(({ name, text }) => [name, text])).toString()
  const headers = Object.fromEntries(of("header").map(({ name, text }) => [name, text]))
  const body = Object.fromEntries(
    of("body").map(({ name, text, isText }) => [name, isText ? text : (JSON.parse(text) as unknown)]),
  )
  return {
    method,
    url: query === "" ? url : `${url}?${query.replaceAll("%3A", ":").replaceAll("%2C", ",")}`,
    ...(method === "POST"
      ? { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) }
      : { headers }),
  }
}

export function asCommand({ method, url, headers, body }: Asking, origin: string): string {
  const heads = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  return [
    "curl",
    ...(method === "GET" ? [] : [`-X ${method}`]),
    '-H "Authorization: Bearer $TOKEN"',
    ...heads,
    ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
    quoted(origin + url),
  ].join(" ")
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
