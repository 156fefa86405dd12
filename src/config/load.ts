/**
 * Where configuration comes from: `--config`, else `./fleet-ledger.yaml`, else `$XDG_CONFIG_HOME/fleet-ledger/config.yaml`, else
 * `/etc/fleet-ledger/config.yaml`, else nothing, which is fine. `FLEET_LEDGER_DATA`, `FLEET_LEDGER_KEYS` and `FLEET_LEDGER_LISTEN` go before the file, flags before both.
 */
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as os from "node:os"
import * as path from "node:path"
import type * as yaml from "yaml"
import * as z from "zod"
import { FleetError, messageOf } from "#kernel/errors.js"
import { nearest } from "#kernel/nearest.js"
import { type Config, configSchema } from "./schema.js"

export interface ConfigFlags {
  readonly config?: string | undefined
  readonly data?: string | undefined
  readonly listen?: string | undefined
}

export interface LoadedConfig extends Config {
  readonly data: string
  readonly keys: string
  /** Where people reach it. */
  readonly url: string
  /** The file it was read from, if any. */
  readonly file: string | undefined
}

/** @throws FleetError `InvalidConfig`: which file, where in it, what is allowed */
export function loadConfig(flags: ConfigFlags, env: NodeJS.ProcessEnv): LoadedConfig {
  const file =
    flags.config ?? set(env["FLEET_LEDGER_CONFIG"]) ?? standardPlaces(env).find((place) => fs.existsSync(place))
  const config = file === undefined ? parseConfig(plain({}, "the defaults")) : parseConfigFile(file)
  const listen = flags.listen ?? set(env["FLEET_LEDGER_LISTEN"])
  const checked = listen === undefined ? config : parseConfig(plain({ ...configInput(file).input, listen }, "--listen"))
  const data = flags.data ?? set(env["FLEET_LEDGER_DATA"]) ?? config.data ?? defaultDataFolder(env)
  // Resolved, it would be the folder that one happens to stand in.
  if (data === "") throw new FleetError("InvalidConfig", "the data folder has no name; --data takes one")
  const keys = path.resolve(set(env["FLEET_LEDGER_KEYS"]) ?? config.keys ?? defaultKeysFolder(env))
  if (isWithin(keys, path.resolve(data))) {
    throw new FleetError(
      "InvalidConfig",
      `the signing key must not lie in the data folder, beside what it vouches for: "keys" is ${keys}`,
    )
  }
  const url = (checked.url ?? `${checked.tls === undefined ? "http" : "https"}://${checked.listen}`).replace(/\/$/, "")
  return { ...checked, data: path.resolve(data), keys, url, file }
}

/** By where they really are, as far as they are there. */
function isWithin(inner: string, outer: string): boolean {
  const way = path.relative(real(outer), real(inner))
  return way !== ".." && !way.startsWith(`..${path.sep}`)
}

function real(place: string): string {
  try {
    return fs.realpathSync(place)
  } catch {
    const parent = path.dirname(place)
    return parent === place ? place : path.join(real(parent), path.basename(place))
  }
}

/** A variable that is empty is not set. */
function set(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable
}

/** A relative path in a variable of XDG's is to be ignored (XDG Base Directory Specification). */
function absolute(variable: string | undefined): string | undefined {
  return variable !== undefined && path.isAbsolute(variable) ? variable : undefined
}

export function parseConfigFile(file: string): Config {
  return parseConfig(configInput(file))
}

function standardPlaces(env: NodeJS.ProcessEnv): string[] {
  const xdg = absolute(env["XDG_CONFIG_HOME"]) ?? path.join(os.homedir(), ".config")
  return ["fleet-ledger.yaml", path.join(xdg, "fleet-ledger", "config.yaml"), "/etc/fleet-ledger/config.yaml"]
}

export function defaultDataFolder(env: NodeJS.ProcessEnv): string {
  const xdg = absolute(env["XDG_DATA_HOME"])
  if (xdg !== undefined) return path.join(xdg, "fleet-ledger")
  return process.getuid?.() === 0 ? "/var/lib/fleet-ledger" : path.join(os.homedir(), ".local", "share", "fleet-ledger")
}

/** Where the configuration is: whoever may write the data may not have to be able to write there. */
function defaultKeysFolder(env: NodeJS.ProcessEnv): string {
  const xdg = absolute(env["XDG_CONFIG_HOME"])
  if (xdg !== undefined) return path.join(xdg, "fleet-ledger")
  return process.getuid?.() === 0 ? "/etc/fleet-ledger" : path.join(os.homedir(), ".config", "fleet-ledger")
}

/** Where something stands: `<file>:<line>:<column>`. @param steps down to a value, or to a key with nothing that is allowed behind it */
export type PlaceOf = (steps: readonly PropertyKey[]) => string

/** What was given, and where in it something stands. */
interface Given {
  readonly input: Record<string, unknown>
  readonly placeOf: PlaceOf
}

/** Of what is found to be wrong later, when it is understood. */
export function placeIn({ file }: Pick<LoadedConfig, "file">): PlaceOf {
  return (steps) => configInput(file).placeOf(steps)
}

function plain(input: Record<string, unknown>, where: string): Given {
  return { input, placeOf: () => where }
}

function configInput(file: string | undefined): Given {
  if (file === undefined) return plain({}, "the defaults")
  let text: string
  try {
    text = fs.readFileSync(file, "utf8")
  } catch (error) {
    throw new FleetError("InvalidConfig", `the configuration ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const { value, placeOf } = parseYaml(text, file)
  const input = value ?? {}
  if (typeof input !== "object" || Array.isArray(input)) {
    throw new FleetError("InvalidConfig", `${file} must hold keys and values, like "listen: 127.0.0.1:7400"`)
  }
  return { input: input as Record<string, unknown>, placeOf }
}

function parseYaml(text: string, file: string): { readonly value: unknown; readonly placeOf: PlaceOf } {
  // Most have no file to read, and the parser is a tenth of what a short command loads.
  const { LineCounter, isMap, isNode, isScalar, parseDocument } = createRequire(import.meta.url)("yaml") as typeof yaml
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [problem] = document.errors
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0])
    // What follows tells programmers how to go on.
    throw new FleetError("InvalidConfig", `${file}:${line}:${col} is not YAML: ${problem.message.split(";")[0]}`)
  }
  const at = (offset: number | undefined) => {
    if (offset === undefined) return file
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const placeOf = (steps: readonly PropertyKey[]): string => {
    const last = steps.at(-1)
    const above = steps.length < 2 ? document.contents : document.getIn(steps.slice(0, -1), true)
    const pair = isMap(above) ? above.items.find(({ key }) => isScalar(key) && key.value === last) : undefined
    if (pair !== undefined && isNode(pair.key)) return at(pair.key.range?.[0])
    const node = last === undefined ? document.contents : document.getIn(steps, true)
    if (isNode(node)) return at(node.range?.[0])
    return last === undefined ? file : placeOf(steps.slice(0, -1))
  }
  try {
    return { value: document.toJS() as unknown, placeOf }
  } catch (error) {
    // An alias of nothing, or aliases of aliases without measure.
    throw new FleetError("InvalidConfig", `${file} is not YAML: ${messageOf(error)}`, { cause: error })
  }
}

function parseConfig({ input, placeOf }: Given): Config {
  const result = configSchema.safeParse(input, { reportInput: true })
  if (!result.success) throw wrongBy(result.error, placeOf)
  const where = placeOf([])
  const config = result.data
  // Instances on one cluster each have this machine, and it is another one for each.
  const isShared = config.ledger.engine !== "sqlite" && input["sources"] === undefined
  const sources = isShared ? [{ name: hostSourceName(), kind: "local" as const }] : config.sources
  const names = sources.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new FleetError("InvalidConfig", `${where}: two sources are called "${twice}"; names must differ`)
  const taken = config.collectors.find(({ name }) => names.some((source) => source.startsWith(`${name}.`)))
  if (taken !== undefined) {
    const message = `no source can be called "${taken.name}.…": that is what the collector "${taken.name}" looks at`
    throw new FleetError("InvalidConfig", `${where}: ${message}`)
  }
  for (const check of config.checks) {
    const wrong = check.kind === "command" && unknownCommand(check.command, Object.keys(config.checking.commands))
    if (wrong) throw new FleetError("InvalidConfig", `${where}: the check "${check.name}" runs ${wrong}`)
  }
  return { ...config, sources }
}

function wrongBy({ issues: [issue] }: z.ZodError, placeOf: PlaceOf): FleetError {
  const steps = issue?.path ?? []
  const at = steps.join(".")
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? ""
    const known = nearest(key, keysAt(configSchema, steps))
    const hint = known === undefined ? "" : `; did you mean "${known}"?`
    const name = [at, key].filter(Boolean).join(".")
    return new FleetError("InvalidConfig", `${placeOf([...steps, key])}: there is no key "${name}"${hint}`)
  }
  const what = at === "" ? "it" : `"${at}"`
  const near = issue === undefined ? undefined : nearestValue(issue)
  const hint = near === undefined ? "" : `; did you mean "${near}"?`
  return new FleetError("InvalidConfig", `${placeOf(steps)}: ${what} is wrong: ${issue?.message ?? "unknown"}${hint}`)
}

/** Of what is one of a few, the one that was meant. */
function nearestValue(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === "invalid_value" && typeof issue.input === "string")
    return nearest(issue.input, issue.values.map(String))
  if (issue.code !== "invalid_union" || issue.discriminator === undefined) return undefined
  const key = issue.discriminator
  const given = (issue.input as Record<string, unknown> | undefined)?.[key]
  const values = schemasAt(configSchema, issue.path).flatMap((at) => [...(at._zod.values ?? [])].map(String))
  return typeof given === "string" ? nearest(given, values) : undefined
}

function unknownCommand(command: string, known: readonly string[]): string | undefined {
  if (known.includes(command)) return undefined
  const near = nearest(command, known)
  const hint = near === undefined ? "write it there, with its arguments" : `did you mean "${near}"?`
  return `"${command}", which is none of "checking.commands"; ${hint}`
}

function hostSourceName(): string {
  const name = os
    .hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, "-")
    .replace(/^[._-]+/, "")
  return name.slice(0, 63) || "here"
}

/** The keys that may stand at a path. */
function keysAt(schema: z.core.$ZodType, steps: readonly PropertyKey[]): string[] {
  return schemasAt(schema, steps).flatMap((at) => (at instanceof z.ZodObject ? Object.keys(at.shape) : []))
}

/** What may stand at a path, and what each of several that it may be is. */
function schemasAt(schema: z.core.$ZodType, steps: readonly PropertyKey[]): z.core.$ZodType[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return schemasAt(schema.unwrap(), steps)
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.flatMap((option) => schemasAt(option, steps))
  const [step, ...rest] = steps
  if (step === undefined) return [schema]
  if (schema instanceof z.ZodArray) return schemasAt(schema.element, rest)
  if (!(schema instanceof z.ZodObject)) return []
  const member = (schema.shape as Readonly<Record<string, z.core.$ZodType>>)[String(step)]
  return member === undefined ? [] : schemasAt(member, rest)
}
