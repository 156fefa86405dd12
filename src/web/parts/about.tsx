/** What an alert is about, leading to where it can be seen. */
import type { Answer } from "../ask.js"
import type { alertShow } from "../operations.js"
import { hrefOf } from "../place.js"
import { leadsTo } from "./leads-to.js"

type Told = Pick<Answer<NonNullable<typeof alertShow.of>>["alert"], "about" | "rule">

export function About({ about: { kind, id, name, part }, rule }: Told) {
  const path = leadsTo({ kind, id })
  const called = name ?? id ?? kind
  return (
    <>
      {path === undefined ? called : <a href={hrefOf(path)}>{called}</a>}
      {part === null ? null : rule === "drift-found" ? (
        <>
          {" · "}
          <a href={hrefOf("/drift", { baseline: part })}>what is not as {part} says</a>
        </>
      ) : (
        ` ${part}`
      )}
    </>
  )
}
