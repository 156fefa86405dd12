/**
 * What ssh's configuration files say about one host: of each keyword the first value that applies, and all values of those that add up. Files are only read:
 * no command in them is run, and no name looked up.
 *
 * A `Match` block whose condition cannot be told (`exec`, `final`, …) is passed over as long as it says nothing that matters here; otherwise it is an error,
 * as both answers may lead to another machine.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { FleetError, messageOf } from "#kernel/errors.js"
import { matchesList, matchesPattern } from "#kernel/patterns.js"

/** What is known of the host before the files are read. */
export interface Asked {
  /** As it was asked for: what `Host` is matched with. */
  readonly alias: string
  readonly hostName: string | undefined
  readonly user: string | undefined
  readonly localUser: string
}

/** Keyword in lower case → its values: one, except of `identityfile`. */
export type Said = ReadonlyMap<string, readonly string[]>

const single = [
  "hostname",
  "port",
  "user",
  "identitiesonly",
  "identityagent",
  "hostkeyalias",
  "proxyjump",
  "proxycommand",
  "userknownhostsfile",
  "globalknownhostsfile",
] as const
const adding = "identityfile"
const matters: ReadonlySet<string> = new Set([...single, adding])

/** As deep as OpenSSH goes. */
const deepest = 16

type Applies = "yes" | "no" | { readonly untold: string }

/**
 * @param home where relative names and `~` of an `Include` are below, for the user's file
 * @throws FleetError `InvalidConfig`
 */
export function readConfig(files: readonly string[], asked: Asked, home: string): Said {
  const said = new Map<string, readonly string[]>()
  for (const file of files) apply(file, "yes", 0)
  return said

  function apply(file: string, outer: Applies, depth: number): void {
    if (depth > deepest)
      throw new FleetError("InvalidConfig", `${file} is included by itself, or more than ${deepest} deep`)
    let applies = outer
    for (const { keyword, words, line } of linesOf(file)) {
      const where = `${file}, line ${line}`
      if (keyword === "host") applies = outer === "yes" ? (matchesList(asked.alias, words) ? "yes" : "no") : outer
      else if (keyword === "match") applies = outer === "yes" ? matchBlock(words, where) : outer
      else if (applies === "no") continue
      else if (keyword === "include") {
        for (const included of words.flatMap((word) => expand(word, file))) apply(included, applies, depth + 1)
      } else if (matters.has(keyword)) {
        if (applies !== "yes") {
          throw new FleetError(
            "InvalidConfig",
            `${where}: ${keyword} for ${asked.alias} depends on "Match ${applies.untold}", which only ssh itself can tell; say it in a Host block, or in the source's own settings`,
          )
        }
        say(keyword, words)
      }
    }
  }

  function say(keyword: string, words: readonly string[]): void {
    if (keyword === adding) said.set(keyword, [...(said.get(keyword) ?? []), ...words])
    else if (!said.has(keyword)) said.set(keyword, words)
  }

  function matchBlock(words: readonly string[], where: string): Applies {
    const untold: string[] = []
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] ?? ""
      const criterion = word.replace(/^!/, "").toLowerCase()
      if (criterion === "all") continue
      if (criterion === "canonical" || criterion === "final") {
        untold.push(word)
        continue
      }
      at += 1
      const value = words[at]
      if (value === undefined) throw new FleetError("InvalidConfig", `${where}: "${word}" wants a value`)
      const subject = subjectOf(criterion)
      if (subject === undefined) untold.push(`${word} ${value}`)
      else if (matchesList(subject, value.split(",")) === word.startsWith("!")) return "no"
    }
    return untold.length === 0 ? "yes" : { untold: untold.join(" ") }
  }

  function subjectOf(criterion: string): string | undefined {
    switch (criterion) {
      case "host":
        return asked.hostName ?? said.get("hostname")?.[0]?.replaceAll("%h", asked.alias) ?? asked.alias
      case "originalhost":
        return asked.alias
      case "user":
        return asked.user ?? said.get("user")?.[0] ?? asked.localUser
      case "localuser":
        return asked.localUser
      default:
        return undefined
    }
  }

  function expand(word: string, from: string): readonly string[] {
    const base = from.startsWith("/etc/") ? "/etc/ssh" : path.join(home, ".ssh")
    return glob(path.resolve(base, word.replace(/^~(?=\/)/, home)))
  }
}

interface Line {
  readonly keyword: string
  readonly words: readonly string[]
  readonly line: number
}

function linesOf(file: string): readonly Line[] {
  let text
  try {
    text = fs.readFileSync(file, "utf8")
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return []
    throw new FleetError("InvalidConfig", `${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
  return parseConfig(text)
}

/** Keywords with their arguments, which may be in quotes; `=` may stand between the two. */
export function parseConfig(text: string): readonly Line[] {
  return text.split("\n").flatMap((raw, index) => {
    const [, keyword = "", rest = ""] = /^\s*([A-Za-z]\w*)(?:\s*=\s*|\s+)(.*)$/.exec(raw) ?? []
    const words: string[] = []
    for (const [, quoted, plain] of rest.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
      if (plain?.startsWith("#") === true) break
      words.push(quoted ?? plain ?? "")
    }
    return words.length === 0 ? [] : [{ keyword: keyword.toLowerCase(), words, line: index + 1 }]
  })
}

/** The files that a pattern names, in order. */
function glob(pattern: string): readonly string[] {
  let found = ["/"]
  for (const part of pattern.split("/").filter((each) => each !== "")) {
    found = /[*?]/.test(part)
      ? found.flatMap((folder) => namesIn(folder, part).map((name) => path.join(folder, name)))
      : found.map((folder) => path.join(folder, part))
  }
  return found
}

function namesIn(folder: string, pattern: string): readonly string[] {
  try {
    const names = fs.readdirSync(folder).filter((name) => matchesPattern(name, pattern))
    return names.filter((name) => !name.startsWith(".") || pattern.startsWith(".")).sort()
  } catch {
    // What is no folder, or may not be read, holds nothing to include.
    return []
  }
}
