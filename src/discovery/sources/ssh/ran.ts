/** Running one program on a host: by the arguments that it is given and by no shell, within a time, and reading no more of what it says than is told. */
import { randomBytes } from "node:crypto"
import type { Ran } from "../../observation.js"
import { foreignText } from "../../facts/foreign.js"
import { prelude } from "./prelude.js"

/** Of what it says, its errors among it. */
const longest = 2_048

export interface Running {
  /** For the input of any POSIX shell. */
  readonly script: string
  readonly understand: (stdout: string) => Ran | undefined
}

/** @param seconds after which it is killed there, so that nothing has to be let go of here */
export function running(argv: readonly string[], seconds: number): Running {
  const token = randomBytes(16).toString("hex")
  const words = argv.map(quoted).join(" ")
  return {
    script: `{
LC_ALL=C
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
export LC_ALL PATH
${prelude}
exec 4>&1
code=$({ { bounded ${seconds} ${words} 3>&- 4>&-; echo "$?" >&3; } 2>&1 | { head -c ${longest}; cat >/dev/null; } >&4; } 3>&1)
printf '\\n%s %s\\n' ${token} "$code"
} </dev/null 2>/dev/null
`,
    understand: (stdout) => {
      const end = stdout.lastIndexOf(`\n${token} `)
      const code = /^\d{1,3}$/.exec(stdout.slice(end + token.length + 2).trim())
      if (end === -1 || code === null) return undefined
      const said = stdout.slice(0, end).split("\n")
      return { exit: Number(code[0]), said: said.map((line) => foreignText(line.trim())).filter((line) => line !== "") }
    },
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
