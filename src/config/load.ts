/**
 * Where configuration comes from: `--config`, else `./fleet-ledger.yaml`, else `$XDG_CONFIG_HOME/fleet-ledger/config.yaml`, else
 * `/etc/fleet-ledger/config.yaml`, else nothing, which is fine. `FLEET_LEDGER_DATA` and `FLEET_LEDGER_LISTEN` go before the file, flags before both.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { LineCounter, parseDocument } from "yaml"
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
  /** The file it was read from, if any. */
  readonly file: string | undefined
}

/** @throws FleetError `InvalidConfig`: which file, where in it, what is allowed */
export function loadConfig(flags: ConfigFlags, env: NodeJS.ProcessEnv): LoadedConfig {
  const file = flags.config ?? env["FLEET_LEDGER_CONFIG"] ?? standardPlaces(env).find((place) => fs.existsSync(place))
  const config = file === undefined ? parseConfig({}, "the defaults") : parseConfigFile(file)
  const listen = flags.listen ?? env["FLEET_LEDGER_LISTEN"]
  const checked = listen === undefined ? config : parseConfig({ ...configInput(file), listen }, "--listen")
  const data = path.resolve(flags.data ?? env["FLEET_LEDGER_DATA"] ?? config.data ?? defaultDataFolder(env))
  return { ...checked, data, file }
}

export function parseConfigFile(file: string): Config {
  return parseConfig(configInput(file), file)
}

function standardPlaces(env: NodeJS.ProcessEnv): string[] {
  const xdg = env["XDG_CONFIG_HOME"] ?? path.join(os.homedir(), ".config")
  return ["fleet-ledger.yaml", path.join(xdg, "fleet-ledger", "config.yaml"), "/etc/fleet-ledger/config.yaml"]
}

export function defaultDataFolder(env: NodeJS.ProcessEnv): string {
  if (env["XDG_DATA_HOME"]) return path.join(env["XDG_DATA_HOME"], "fleet-ledger")
  return process.getuid?.() === 0 ? "/var/lib/fleet-ledger" : path.join(os.homedir(), ".local", "share", "fleet-ledger")
}

function configInput(file: string | undefined): Record<string, unknown> {
  if (file === undefined) return {}
  let text: string
  try {
    text = fs.readFileSync(file, "utf8")
  } catch (error) {
    throw new FleetError("InvalidConfig", `the configuration ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [problem] = document.errors
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0])
    throw new FleetError("InvalidConfig", `${file}:${line}:${col} is not YAML: ${problem.message.split("\n")[0]}`)
  }
  const input: unknown = document.toJS() ?? {}
  if (typeof input !== "object" || Array.isArray(input)) {
    throw new FleetError("InvalidConfig", `${file} must hold keys and values, like "listen: 127.0.0.1:7400"`)
  }
  return input as Record<string, unknown>
}

function parseConfig(input: Record<string, unknown>, where: string): Config {
  const result = configSchema.safeParse(input)
  if (!result.success) {
    const [issue] = result.error.issues
    const at = issue?.path.join(".") ?? ""
    if (issue?.code === "unrecognized_keys") {
      const key = issue.keys[0] ?? ""
      const known = nearest(key, Object.keys(configSchema.shape))
      const hint = known === undefined ? "" : `; did you mean "${known}"?`
      throw new FleetError("InvalidConfig", `${where}: there is no key "${[at, key].filter(Boolean).join(".")}"${hint}`)
    }
    throw new FleetError(
      "InvalidConfig",
      `${where}: ${at === "" ? "it" : `"${at}"`} is wrong: ${issue?.message ?? "unknown"}`,
    )
  }
  const names = result.data.sources.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new FleetError("InvalidConfig", `${where}: two sources are called "${twice}"; names must differ`)
  return result.data
}
