/**
 * How a Linux host is looked at from elsewhere in one round trip: a program for any POSIX shell, sent to the standard input of
 * `collectorCommand`, that prints the materials of facts/material.ts in frames. It writes nothing there, asks nobody, and says neither
 * arguments of processes nor values of their environment, which hold secrets. What changes by itself is read by one `awk`; what rests
 * on files is not asked for while those are as they were.
 */
import type { MaterialName } from "../../facts/material.js"
import { terms, termsSaid } from "./lasting.js"
import { prelude } from "./prelude.js"
import { type Section, sections } from "./sections.js"
import { looking, sight } from "./sight.js"

/** What the asker has, from the look before. */
export interface Known {
  /** The SHA-256 of texts, in hex; of what is still so, only that is answered. */
  readonly digests: ReadonlyMap<MaterialName, string>
  /** Under which the rest was answered, or none. */
  readonly terms: string
  /** What need not be answered while the terms are the same, as `heldWords` has it. */
  readonly held: readonly string[]
  /** Who listened, and by whom the sockets were held whose owners are known, or nothing. */
  readonly listeners: string
  readonly holders: string
}

export interface CollectorOptions {
  /** Of letters and digits, and another one each time, so that nobody on the host can have prepared a frame. */
  readonly token: string
  /** Not given when it is the first look, which does not ask for what takes long. */
  readonly known?: Known
  /** All, unless it is said which. */
  readonly only?: readonly MaterialName[]
}

/** What the host's login shell, whichever it is, is to run. With `sudo`, as root where that takes no password; where it takes one, sudo ends and has read nothing. */
export function collectorCommand({ sudo }: { readonly sudo: boolean }): string {
  return sudo ? `exec sh -c 'sudo -n sh -s sudo 2>/dev/null || exec sh -s'` : "exec sh -s"
}

/**
 * All of it is one command, so a program that arrives in part is not begun, and nothing that it runs can read what comes behind it: nothing, which ends the shell, or
 * the next one.
 */
export function collectorScript({ token, known, only }: CollectorOptions): string {
  const { digests = new Map<string, string>(), terms: told = "", held = [], listeners = "", holders = "" } = known ?? {}
  const words = (all: readonly string[]) => ` ${all.map((word) => `${word} `).join("")}`
  return `{
token=${token} frames=0 later=${known === undefined ? "" : 1}
known='${words([...digests].map(([name, digest]) => `${name}=${digest}`))}'
lasting='${words(held)}'
told='${told}'
told_listeners='${listeners}'
told_holders='${holders}'
${only === undefined ? (whole ??= programOf(sections)) : programOf(sectionsFor(only))}} </dev/null 2>/dev/null
`
}

/** That of all sections is always the same. */
let whole: string | undefined

function sectionsFor(only: readonly MaterialName[]): readonly Section[] {
  return sections.filter(({ names }) => names.some((name) => only.includes(name)))
}

function programOf(wanted: readonly Section[]): string {
  return `by=\${by-$1} LC_ALL=C
case $PATH in *:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin) ;; *) PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin" ;; esac
export LC_ALL PATH
unset TIME_STYLE LS_COLORS
${prelude}${looking}
uid=
while read -r key real uid others && [ "$key" != Uid: ]; do :; done </proc/self/status
if [ "$key" != Uid: ]; then uid=$(id -u); fi
if [ "$uid" -ne 0 ]; then rights=user:$(id -un 2>/dev/null || echo "$uid"); elif [ "$by" = sudo ]; then rights='root by sudo'; else rights=root; fi
say begin "$rights"
${terms(restsOf(wanted))}
${wanted.map((section) => unlessHeld(section, section.looks)).join("")}
${sight(wanted.flatMap(({ parts = [] }) => parts))}
${wanted.map((section) => unlessHeld(section, section.program)).join("")}
${termsSaid}
say end "$frames"
flush
`
}

function restsOf(wanted: readonly Section[]): readonly string[] {
  return [...new Set(wanted.flatMap(({ rests = "" }) => rests.split(" ")))].filter((file) => file !== "")
}

/** A material with terms of its own is held under those that are now. */
function unlessHeld({ names, rests }: Section, program = ""): string {
  if (rests === undefined || program === "") return program
  const words = names.map((name) => (name === "certificates" ? `"${name}=$ports"` : name))
  return `if fresh ${words.join(" ")}; then${program.startsWith("\n") ? "" : "\n"}${program}fi\n`
}
