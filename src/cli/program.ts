/** The command line as it is generated from the operations, with the commands that are processes of their own. */
import { Argument, Command, CommanderError, Option } from "commander"
import { FleetError } from "#kernel/errors.js"
import { version } from "../version.js"
import { type CommandSpec, loadCommands } from "./commands.js"
import { type Shell, candidates, hidden, scripts, shells } from "./completion.js"
import { complain, exitCodeOf } from "./complain.js"
import { type Output, outputs } from "./outputs.js"
import type { SimulateFlags } from "./simulate.js"

/** What scripts go by. */
const surroundings = `
Exit codes: 0 it is done; 1 it failed, or what was looked at or verified is not as it should be;
2 it was asked wrongly, or about what is not there; 130 it was cancelled.

Environment: FLEET_LEDGER_CONFIG, _DATA, _LISTEN and _SERVER stand for the flags that are called so; _KEYS is the folder of
the signing key, _TOKEN is shown to a server elsewhere or lies in the file _TOKEN_FILE, _LOG is the level that serve logs.`

/** Flags that every command has. */
export interface GlobalFlags {
  readonly config?: string
  readonly data?: string
  readonly server?: string
  readonly output?: Output
  readonly fields?: string
}

/** @returns the exit code: 0 done, 1 failed, 2 called wrongly */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = new Command("fleet-ledger")
    .description("An inventory of your fleet that remembers: what is true, what was true, what changed.")
    .version(version)
    .showHelpAfterError(false)
    .exitOverride()
    // Flags of "checks run" are its own, though "checks" has some that are called the same.
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(oneSentence(text)) })
  program.addHelpText("after", examples(["serve", "discover", "show web-1 --at -2h", "history web-1", "diff -1h now"]))
  program.addHelpText("after", surroundings)

  addFolderFlags(program.command("serve"))
    .summary("Keep discovering and serve the page and the API")
    .description(
      "Keep discovering and serve the page and the API. Owns the data folder; other commands go through it while it runs.",
    )
    .option("--listen <host:port>", "address to listen on (127.0.0.1:7400)")
    .addHelpText("after", examples(["serve", "serve --data ./data --listen 127.0.0.1:7500"]))
    .action(async (flags: GlobalFlags & { listen?: string }) => {
      const { serve } = await import("./serve.js")
      await serve(flags)
    })
  addFolderFlags(program.command("collect"))
    .summary("Look at what is configured here, and send it to a server elsewhere")
    .description(
      "Look at what is configured here, and send it to a server elsewhere, signed. What the server does not take now waits on the disk.",
    )
    .addHelpText("after", examples(["collect --config site.yaml"]))
    .action(async (flags: GlobalFlags) => {
      const { collect } = await import("./collect.js")
      await collect(flags)
    })
  addFolderFlags(program.command("mcp"))
    .summary("Answer an agent over standard input and output (Model Context Protocol)")
    .description(
      "Answer an agent over standard input and output (Model Context Protocol): tools that read, and those that change something where the configuration or --write says so. A server does the same at /mcp.",
    )
    .option(
      "--server <url>",
      "ask this server, with the token in FLEET_LEDGER_TOKEN, or in the file FLEET_LEDGER_TOKEN_FILE",
    )
    .option("--write", "offer tools that look at the fleet and name points in time too")
    .addHelpText("after", examples(["mcp", "mcp --write"]))
    .action(async (flags: GlobalFlags & { write?: boolean }) => {
      const { mcp } = await import("./mcp.js")
      await mcp(flags)
    })
  const keeping = () => import("./keeping.js")
  addFolderFlags(program.command("backup"))
    .summary("Copy the ledger to a file while it is in use, and verify the copy")
    .description(
      "Copy the ledger to a file while it is in use, and verify the copy. Keep the folder of the signing key too.",
    )
    .argument("<file>", "that does not exist yet")
    .addHelpText("after", examples(["backup /mnt/backup/ledger-2026-11-23.db"]))
    .action(async (file: string, flags: GlobalFlags) => (await keeping()).backup(file, flags))
  addFolderFlags(program.command("restore"))
    .summary("Put a backup in the ledger's place, and say in it what is lost")
    .description(
      "Put a backup in the ledger's place, once it is verified, and say in it, signed, what is lost. The ledger that was there is kept beside it.",
    )
    .argument("<file>", "made by backup")
    .requiredOption("--reason <why>", "why; stays in the ledger for ever")
    .addHelpText("after", examples(['restore /mnt/backup/ledger-2026-11-23.db --reason "the disk failed"']))
    .action(async (file: string, flags: GlobalFlags & { reason: string }) => (await keeping()).restore(file, flags))
  addFolderFlags(program.command("import"))
    .summary("Make a ledger out of a whole export, where there is none")
    .description(
      "Make a ledger out of a whole export, where there is none: the same events at the same positions, with the same root.",
    )
    .argument("<file>", "made by export; - reads standard input")
    .option("--key <key>", "verifier key that must have signed it last; @FILE reads it from a file")
    .addHelpText("after", examples(["import ledger.ndjson --data ./copy", "import ledger.ndjson --key @ledger.key"]))
    .action(async (file: string, flags: GlobalFlags & { key?: string }) => (await keeping()).importExport(file, flags))
  program
    .command("simulate")
    .summary("Fill an empty folder with a fleet that does not exist")
    .description(
      "Fill an empty folder with a fleet that does not exist: machines that change, fail and go, looked at and recorded as real ones are. Its days begin on 2025-01-01; the same seed is the same fleet.",
    )
    .requiredOption("--data <folder>", "data folder, empty or not there yet")
    .option("--targets <count>", "machines", "100")
    .option("--services <count>", "services on each", "10")
    .option("--days <count>", "how long", "7")
    .option("--seed <number>", "what everything depends on", "1")
    .option("--every <duration>", "time between looks", "1h")
    .addHelpText(
      "after",
      examples(["simulate --data ./demo", "simulate --data ./large --targets 10000 --services 5 --days 1 --every 6h"]),
    )
    .action(async (flags: SimulateFlags) => {
      const { simulate } = await import("./simulate.js")
      await simulate(flags)
    })
  const specs = await loadCommands()
  for (const spec of specs) {
    addOperation(program, spec, async (input, flags, file) => {
      const { call } = await import("./call.js")
      exitCode = await call(spec, input, flags, file)
    })
  }
  for (const group of Object.keys(groups)) {
    const ofGroup = specs.flatMap(({ command }) =>
      command.examples.slice(0, command.name.startsWith(`${group} `) ? 1 : 0),
    )
    program.commands.find((command) => command.name() === group)?.addHelpText("after", examples(ofGroup))
  }

  program
    .command("completion")
    .summary("Print what makes a shell complete commands and flags")
    .description("Print what makes a shell complete commands and flags; its start-up file takes it.")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .addHelpText(
      "after",
      examples(["completion bash >> ~/.bashrc", "completion fish > ~/.config/fish/completions/fleet-ledger.fish"]),
    )
    .action((shell: Shell) => void process.stdout.write(`${scripts[shell]}\n`))
  program
    .command(hidden, { hidden: true })
    .argument("[words...]")
    .action((words: string[]) => {
      for (const candidate of candidates(program, words)) process.stdout.write(`${candidate}\n`)
    })

  try {
    commandFirst(argv)
    await program.parseAsync(queriesLast(argv).map(pastAsText), { from: "user" })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    complain(error)
    return exitCodeOf(error)
  }
}

/** Commander's complaint as ours are: one line, with its suggestion in it. */
function oneSentence(text: string): string {
  return text.replace(/^error: /, "fleet-ledger: ").replace(/\n\(Did you mean (.*)\?\)/, "; did you mean $1?")
}

/** @throws FleetError `InvalidInput` for a flag of all commands in front of one */
function commandFirst([flag = "", value]: readonly string[]): void {
  const name = /^--(?:config|data|server|output|fields)(?==|$)/.exec(flag)?.[0]
  if (name === undefined) return
  const given = name === flag && value !== undefined ? `${flag} ${value}` : flag
  throw new FleetError("InvalidInput", `${name} stands behind the command, as in "fleet-ledger targets ${given}"`)
}

/** A query may begin with what is not to be so: `-status:healthy` is no flag, and so goes behind all of them. */
function queriesLast(argv: readonly string[]): readonly string[] {
  if (argv.includes("--")) return argv
  const isQuery = (argument: string, i: number) =>
    /^-[a-z][\w.]*[:<>]/i.test(argument) && argv[i - 1]?.startsWith("--") !== true
  const queries = argv.filter(isQuery)
  if (queries.length === 0) return argv
  return [...argv.filter((argument, i) => !isQuery(argument, i)), "--", ...queries]
}

/** `-2h` is a point in time and no flag: as `now-2h` it cannot be taken for one. */
function pastAsText(argument: string): string {
  return /^-\d+[a-z]/i.test(argument) ? `now${argument}` : argument
}

type Action = (input: Record<string, unknown>, flags: GlobalFlags, file?: string) => Promise<void>

function addOperation(program: Command, spec: CommandSpec, action: Action): void {
  const { command, summary, options } = spec
  const words = command.name.split(" ")
  const name = words.pop() as string
  const made = addGlobalFlags(words.reduce(groupOf, program).command(name)).summary(summary).description(`${summary}.`)
  const positional = command.positional.map((argument) => argument.replace(/^\[(.*)\]$/, "$1"))
  if (command.body !== undefined) made.argument(`<${command.body}>`, "- reads standard input")
  for (const [i, argument] of command.positional.entries()) {
    const field = positional[i] as string
    const description = options.find((option) => option.field === field)?.description
    made.argument(argument === field ? `<${field}>` : argument, description)
  }
  for (const { field, description, flag } of options) {
    if (!positional.includes(field)) made.option(`--${kebab(field)}${flag ? "" : ` <${kebab(field)}>`}`, description)
  }
  if (spec.columns.length > 0) made.option("--fields <fields>", "only these of each item, separated by commas")
  made.addHelpText("after", examples(command.examples))
  made.action(async (...all: unknown[]) => {
    const given = command.body === undefined ? all : all.slice(1)
    const flags = given[positional.length] as Record<string, unknown>
    const input: Record<string, unknown> = {}
    for (const [i, field] of positional.entries()) if (given[i] !== undefined) input[field] = given[i]
    for (const { field } of options) if (flags[field] !== undefined) input[field] = flags[field]
    await action(input, flags, command.body === undefined ? undefined : (all[0] as string))
  })
}

/** What commands of two words have in common. */
const groups: Readonly<Record<string, string>> = {
  identity: "Say which records are of one machine",
  role: "Say what a machine is for",
  tag: "Add and remove tags of machines",
  subscription: "List, pause, resume and replay what follows the ledger",
  deadletter: "List events that a handler could not handle, and have it try again",
  delivery: "See how channels are told of alerts, try them, and have it told again",
  inventory: "Export the inventory at any point, and import one",
  snapshot: "Name points in time, to compare with later; a snapshot copies nothing and is not for restoring a fleet",
  query: "Save queries, to be asked for as saved:NAME",
  proof: "Checkpoints, proofs and the key that signs them",
  alert: "Show alerts, take them on, silence and resolve them",
  maintenance: "Plan times in which trouble is no news, and end them",
  expect: "Say which changes are to come, so that all others stand out",
  archive: "Move the oldest events into compressed files, list those, move them elsewhere and back",
  token: "Create, list and revoke tokens",
}

function groupOf(parent: Command, word: string): Command {
  const found = parent.commands.find((candidate) => candidate.name() === word)
  return found ?? parent.command(word).description(groups[word] ?? word)
}

function kebab(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function addFolderFlags(command: Command): Command {
  return command.option("--config <file>", "configuration file").option("--data <folder>", "data folder")
}

function addGlobalFlags(command: Command): Command {
  return addFolderFlags(command)
    .option(
      "--server <url>",
      "ask this server, with the token in FLEET_LEDGER_TOKEN, or in the file FLEET_LEDGER_TOKEN_FILE",
    )
    .addOption(new Option("--output <format>", "how to print the answer").choices(outputs).default("table"))
}

function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ fleet-ledger ${line}`).join("\n")}`
}
