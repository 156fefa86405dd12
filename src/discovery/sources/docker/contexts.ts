/** Contexts of the `docker` command: addresses of engines under names, in files of its configuration folder. */
import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { FleetError } from "#kernel/errors.js"
import type { Json } from "#kernel/json.js"
import type { TlsFiles } from "./endpoint.js"
import { at, flagAt } from "./json.js"

/** `default` when none is chosen: no context, but the usual socket. */
export async function currentContext(folder: string): Promise<string> {
  const chosen = at(await jsonIn(path.join(folder, "config.json")), "currentContext")
  return typeof chosen === "string" && chosen !== "" ? chosen : "default"
}

export interface Context {
  readonly host: string
  readonly tls: TlsFiles | undefined
}

/** @throws FleetError `InvalidConfig` when there is no such context, or when it does without checking who answers */
export async function contextNamed(name: string, folder: string): Promise<Context> {
  const id = createHash("sha256").update(name).digest("hex")
  const file = path.join(folder, "contexts", "meta", id, "meta.json")
  const engine = at(await jsonIn(file), "Endpoints", "docker")
  const host = at(engine, "Host")
  if (typeof host !== "string")
    throw new FleetError("InvalidConfig", `there is no Docker context "${name.slice(0, 80)}" in ${folder}`)
  if (flagAt(engine, "SkipTLSVerify") === true)
    throw new FleetError("InvalidConfig", `the Docker context "${name}" does not check who answers (SkipTLSVerify)`)
  return { host, tls: await tlsIn(path.join(folder, "contexts", "tls", id, "docker")) }
}

async function tlsIn(folder: string): Promise<TlsFiles | undefined> {
  const names: readonly string[] = await fs.readdir(folder).catch(() => [])
  const files = (["ca", "cert", "key"] as const).filter((name) => names.includes(`${name}.pem`))
  if (files.length === 0) return undefined
  return Object.fromEntries(files.map((name) => [name, path.join(folder, `${name}.pem`)]))
}

async function jsonIn(file: string): Promise<Json | undefined> {
  try {
    return JSON.parse(await fs.readFile(file, "utf8")) as Json
  } catch {
    return undefined
  }
}
