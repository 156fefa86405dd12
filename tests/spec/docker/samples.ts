/** What a Docker Engine 20.10 answered, with a project of docker-compose 1.29 on it; and ways to change it. */
import * as fs from "node:fs"
import type { Surroundings } from "#discovery/sources/docker/container.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"

export const sampleNames = [
  "web",
  "db",
  "restarting",
  "build-step",
  "info",
  "version",
  "list",
  "networks",
  "volumes",
] as const
export type SampleName = (typeof sampleNames)[number]

export function sample(name: SampleName): Json {
  return JSON.parse(fs.readFileSync(new URL(`recorded/${name}.json`, import.meta.url), "utf8")) as Json
}

/** A few seconds after they were started. */
export const now = Date.parse("2026-11-25T16:28:00Z")

export const alone: Surroundings = { on: "engine-host", now, image: () => undefined, nameOf: () => undefined }

/** The same but for what stands at some paths, e.g. `State.ExitCode`. */
export function having(json: Json, changes: Readonly<Record<string, Json>>): Json {
  return Object.entries(changes).reduce((changed, [at, value]) => put(changed, at.split("."), value), json)
}

export function withLabels(json: Json, labels: JsonObject): Json {
  return having(json, { Config: { ...(json as { Config: JsonObject }).Config, Labels: labels } })
}

function put(json: Json | undefined, [name, ...rest]: readonly string[], value: Json): Json {
  if (name === undefined) return value
  const members = isObject(json) ? json : {}
  return { ...members, [name]: put(members[name], rest, value) }
}
