/** Names of users, from passwd(5): those that the machine itself knows, not those of a directory it may ask. */
import { type Answer, answer } from "./answer.js"
import { foreignText } from "./foreign.js"
import type { Material } from "./material.js"

/** `uid:1234` when nobody has that number. */
export function userNames(passwd: Material): (uid: number) => Answer {
  const names = new Map<number, string>()
  const known = answer(passwd, (text) => {
    for (const line of text.split("\n")) {
      const [name, , uid] = line.split(":")
      if (name && uid && !names.has(Number(uid))) names.set(Number(uid), foreignText(name))
    }
    return null
  })
  return (uid) => ("why" in known ? known : { value: names.get(uid) ?? `uid:${uid}` })
}
