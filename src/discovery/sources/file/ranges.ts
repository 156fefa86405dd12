/** The names that one of Ansible's with ranges stands for: `web[01:20]`, `db[a:f]`, `node[0:30:10]`. */

const range = /\[([^\]:[]*):([^\]:[]*)(?::([^\]:[]*))?\]/g

/** @returns undefined when a range makes no sense, or more than `most` names */
export function expandRanges(pattern: string, most: number): string[] | undefined {
  let names = [""]
  let at = 0
  for (const found of pattern.matchAll(range)) {
    const [whole, from = "", to = "", step = "1"] = found
    const literal = pattern.slice(at, found.index)
    const members = membersOf(from, to, step, most)
    if (members === undefined || names.length * members.length > most) return undefined
    names = names.flatMap((name) => members.map((member) => `${name}${literal}${member}`))
    at = found.index + whole.length
  }
  const expanded = names.map((name) => `${name}${pattern.slice(at)}`)
  return expanded.some((name) => /[[\]]/.test(name)) ? undefined : expanded
}

function membersOf(from: string, to: string, step: string, most: number): string[] | undefined {
  const by = Number(step)
  if (!/^\d{1,9}$/.test(step) || by === 0) return undefined
  if (/^\d{1,9}$/.test(from) && /^\d{1,9}$/.test(to)) {
    // Leading zeros say how long all of them are.
    const width = from.startsWith("0") ? from.length : 0
    return counted(Number(from), Number(to), by, most)?.map((number) => String(number).padStart(width, "0"))
  }
  if (!/^(?:[a-z]{2}|[A-Z]{2})$/.test(from + to)) return undefined
  return counted(from.charCodeAt(0), to.charCodeAt(0), by, most)?.map((code) => String.fromCharCode(code))
}

function counted(from: number, to: number, by: number, most: number): number[] | undefined {
  const count = Math.floor((to - from) / by) + 1
  return count < 1 || count > most ? undefined : Array.from({ length: count }, (_, i) => from + i * by)
}
