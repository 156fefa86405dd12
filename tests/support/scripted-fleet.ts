/** A fleet in a folder of the test's own that was looked at once by hand: a host, a service on it, and a change. */
import type { NewEvent } from "#events/catalog.js"
import { loadConfig } from "#config/load.js"
import { type Fleet, openFleet } from "#fleet.js"
import type { Clock } from "#kernel/clock.js"
import { type StreamName, recordId } from "#kernel/ids.js"
import type { Handler } from "#subscriptions/handler.js"
import { onTestFinished } from "vitest"
import { tempFolder } from "./temp-folder.js"

export async function scriptedFleet(clock: Clock, handlers: readonly Handler[] = []): Promise<Fleet> {
  const folder = await tempFolder()
  const fleet = await openFleet(loadConfig({ data: `${folder}/data` }, { XDG_CONFIG_HOME: folder }), clock, {
    handlers,
  })
  onTestFinished(() => fleet.close())
  return fleet
}

const metadataOf = (source: string) => ({ actor: "discovery", source })

/** Appends to the record of `name`, and waits until the views show it. @returns the record's id */
export async function addHost(
  fleet: Fleet,
  name: string,
  packages: Record<string, { version: string }> = {},
  source = "here",
): Promise<string> {
  const id = recordId(source, "target", name)
  const document = {
    lifecycle: "observed" as const,
    identity: { name, hostname: name },
    os: { kernel: "6.1.0" },
    packages,
  }
  const data = { source, nativeKey: name, generation: 0, document }
  const metadata = metadataOf(source)
  await append(fleet, `target-${id}`, { type: "TargetDiscovered", data, metadata, observedAt: fleet.clock.now() })
  return id
}

export async function addService(fleet: Fleet, target: string, name: string, source = "here"): Promise<string> {
  const id = recordId(source, "service", `${target}/${name}`)
  const document = {
    lifecycle: "observed" as const,
    identity: { name, runtime: "process" as const },
    state: { status: "running" as const },
  }
  const data = { source, nativeKey: `${target}/${name}`, generation: 0, target, document }
  const metadata = metadataOf(source)
  await append(fleet, `service-${id}`, { type: "ServiceDiscovered", data, metadata, observedAt: fleet.clock.now() })
  return id
}

export async function changeKernel(
  fleet: Fleet,
  target: string,
  from: string,
  to: string,
  source = "here",
): Promise<void> {
  const patch = [
    { op: "test" as const, path: "/os/kernel", value: from },
    { op: "replace" as const, path: "/os/kernel", value: to },
  ]
  await append(fleet, `target-${target}`, {
    type: "TargetChanged",
    data: { facet: "os", patch },
    metadata: metadataOf(source),
    observedAt: fleet.clock.now(),
  })
}

async function append(fleet: Fleet, stream: string, event: NewEvent): Promise<void> {
  const name = stream as StreamName
  const { position } = await fleet.ledger.append(name, await fleet.ledger.revisionOf(name), [event], `test ${stream}`)
  await fleet.reached(position)
}
