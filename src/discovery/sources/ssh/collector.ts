/**
 * How a Linux host is looked at from elsewhere in one round trip: a program for any POSIX shell, sent to the standard input of
 * `collectorCommand`, that prints the materials of facts/material.ts in frames. It writes nothing there, asks nobody, and says neither
 * arguments of processes nor values of their environment, which hold secrets.
 */
import type { MaterialName } from "../../facts/material.js"
import { terms } from "./dear.js"
import { prelude } from "./prelude.js"
import { sections } from "./sections.js"

/** The SHA-256 of what is to be compared of the texts that the asker has, in hex; of what is still so, only that is answered. */
export type Known = ReadonlyMap<MaterialName, string>

export interface CollectorOptions {
  /** Of letters and digits, and another one each time, so that nobody on the host can have prepared a frame. */
  readonly token: string
  /** Not given when it is the first look, which does not ask for what takes long. */
  readonly known?: Known
  /** All, unless it is said which. */
  readonly only?: readonly MaterialName[]
}

/** What the host's login shell, whichever it is, is to run. With `sudo`, as root where that takes no password. */
export function collectorCommand({ sudo }: { readonly sudo: boolean }): string {
  const asRoot = "if sudo -n sh -c : 2>/dev/null; then exec sudo -n sh -s sudo; fi; "
  return `exec sh -c '${sudo ? asRoot : ""}exec sh -s'`
}

/** All of it is one command, so a program that arrives in part is not begun, and nothing that it runs can read the rest of it. */
export function collectorScript({ token, known, only }: CollectorOptions): string {
  const wanted = sections.filter(({ names }) => only === undefined || names.some((name) => only.includes(name)))
  const digests = known && ` ${[...known].map(([name, digest]) => `${name}=${digest} `).join("")}`
  return `{
LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
export LC_ALL PATH
unset TIME_STYLE LS_COLORS
token=${token} frames=0 known='${digests ?? ""}'
${prelude}${terms}
if [ "$(id -u)" -ne 0 ]; then rights=user:$(id -un 2>/dev/null || id -u); elif [ "$1" = sudo ]; then rights='root by sudo'; else rights=root; fi
if [ "$(readlink /proc/self/ns/pid 2>/dev/null)" = 'pid:[4026531836]' ]; then initial=1; else initial=; fi
say begin "$rights"
${wanted.map(({ program }) => program).join("")}
say end "$frames"
exit
} </dev/null 2>/dev/null
`
}
