/** What Prometheus asks for with `http_sd_configs` (https://prometheus.io/docs/prometheus/latest/http_sd/): each machine with labels to choose and name it by. */
import * as net from "node:net"
import type { Entity } from "#projections/entities/read.js"
import type { TargetSummary } from "#projections/entities/summary.js"
import { type Asked, entitiesOf } from "./entries.js"

/** @param port that is scraped on every machine */
export async function* httpSd(asked: Asked, port: number): AsyncGenerator<string> {
  yield "["
  let between = "\n"
  for await (const target of entitiesOf(asked, "target")) {
    const { addresses } = target.summary as TargetSummary
    const address = addresses[0]?.replace(/\/\d+$/, "") ?? target.name
    const host = net.isIPv6(address) ? `[${address}]` : address
    yield `${between}${JSON.stringify({ targets: [`${host}:${port}`], labels: labelsOf(target) })}`
    between = ",\n"
  }
  yield "\n]\n"
}

/** Labels that begin with `__meta_` are gone after relabelling, so whoever scrapes decides what to keep. Tags are held in commas, to be found as `,web,`. */
function labelsOf({ id, name, role, os, environment, status, tags, sources }: Entity): Record<string, string> {
  const labels = {
    id,
    name,
    role: role ?? "",
    os: os ?? "",
    environment: environment ?? "",
    status: status ?? "",
    tags: tags.length === 0 ? "" : `,${tags.join(",")},`,
    sources: `,${sources.join(",")},`,
  }
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [`__meta_fleet_ledger_${label}`, value]))
}
