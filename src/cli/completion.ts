/** Completion in shells: a few lines for each that ask the program itself, which knows its commands and flags. */
import type { Command } from "commander"

export const shells = ["bash", "zsh", "fish"] as const
export type Shell = (typeof shells)[number]

/** What is written into a shell's start-up file. */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `_fleet_ledger() {
  local IFS=$'\\n'
  COMPREPLY=($(fleet-ledger complete-words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _fleet_ledger fleet-ledger`,
  zsh: `_fleet_ledger() {
  local -a found
  found=("\${(@f)$(fleet-ledger complete-words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n $found ]] && compadd -a found || _files
}
compdef _fleet_ledger fleet-ledger`,
  fish: `complete -c fleet-ledger -a '(fleet-ledger complete-words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
}

/** @param words what was typed behind the program's name, the last of which is being typed */
export function candidates(program: Command, words: readonly string[]): readonly string[] {
  const typed = words.at(-1) ?? ""
  const { command, before } = commandOf(program, words.slice(0, -1))
  const option = command.options.find(({ long }) => long === before && before !== undefined)
  const all =
    option !== undefined && (option.required || option.optional)
      ? (option.argChoices ?? [])
      : typed.startsWith("-")
        ? [...command.options.flatMap(({ long }) => long ?? []), "--help"]
        : command.commands.map((one) => one.name()).filter((name) => name !== hidden)
  return all.filter((candidate) => candidate.startsWith(typed)).toSorted()
}

/** What the scripts call. */
export const hidden = "complete-words"

/** The innermost command that the words name, and the word before the one that is typed. */
function commandOf(program: Command, words: readonly string[]): { command: Command; before: string | undefined } {
  let command = program
  for (const word of words) command = command.commands.find((one) => one.name() === word) ?? command
  return { command, before: words.at(-1) }
}
