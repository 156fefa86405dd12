/** Saying that a host has a key: what ssh asks on first use, as an event with a name behind it. */
import * as z from "zod"
import type { NewEvent } from "#events/catalog.js"
import type { OfferedKey, Source } from "#discovery/observation.js"
import { FleetError } from "#kernel/errors.js"
import { type StreamName, newRunId } from "#kernel/ids.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"
import { command } from "./define.js"
import { flag } from "./shapes.js"

const keyShape = z.object({ name: z.string(), algorithm: z.string(), fingerprint: z.string() })

export const enroll = command({
  name: "enroll",
  summary: "Trust the ssh host key of a host; without a fingerprint, show what it offers",
  scope: "operate",
  input: z.object({
    host: z.string().min(1).max(255).describe("The host, as its source names it"),
    source: z.string().max(64).optional().describe("Name of the source; needed when several have such a host"),
    fingerprint: z
      .string()
      .max(200)
      .optional()
      .describe("The one that is right, as ssh-keygen -l prints it on the host"),
    firstUse: flag.describe("Trust whatever it offers, unseen"),
    reason: z.string().min(1).max(500).optional().describe("Why, for whoever reads the history"),
  }),
  output: z.object({ offered: z.array(keyShape), trusted: z.array(keyShape) }),
  route: { method: "POST", path: "/api/v1/hosts/{host}/enroll" },
  command: {
    name: "enroll",
    positional: ["host"],
    examples: [
      "enroll web-1",
      "enroll web-1 --fingerprint SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
      'enroll web-1 --first-use --reason "installed an hour ago"',
    ],
  },
  async run({ fleet, principal, signal }, { host, source: name, fingerprint, firstUse, reason }) {
    const { ledger, clock } = fleet
    const source = name === undefined ? onlySource(fleet.discovery.sources) : fleet.discovery.find(name)
    if (source.hostKeysOf === undefined)
      throw new FleetError("InvalidInput", `"${source.name}" is no source of ssh hosts, but ${source.kind}`)
    const offered = await source.hostKeysOf(host, signal)
    const trusted = offered.filter((key) => firstUse || key.fingerprint === fingerprint)
    if (trusted.length === 0 && fingerprint !== undefined) {
      const has = offered.map((key) => `${key.algorithm} ${key.fingerprint}`).join(", ")
      throw new FleetError("InvalidInput", `${host} offers no key with that fingerprint, but ${has}`)
    }
    const stream = `source-${source.name}` as StreamName
    const metadata = { actor: principal.name, source: source.name, ...(reason === undefined ? {} : { reason }) }
    const events = trusted.map((key): NewEvent => ({
      type: "HostKeyTrusted",
      data: { source: source.name, ...key },
      metadata,
      observedAt: clock.now(),
    }))
    if (events.length > 0) {
      const id = newRunId()
      const append = async () => ledger.append(stream, await ledger.revisionOf(stream), events, id)
      await fleet.reached((await unlessBeaten(append)).position)
    }
    return { offered: offered.map(withoutKey), trusted: trusted.map(withoutKey) }
  },
})

function onlySource(sources: readonly Source[]): Source {
  const [first, ...others] = sources.filter((source) => source.hostKeysOf !== undefined)
  if (first !== undefined && others.length === 0) return first
  if (first === undefined) throw new FleetError("NotFound", "no source of ssh hosts is configured")
  const names = [first, ...others].map(({ name }) => name)
  throw new FleetError("InvalidInput", `say which source has the host, with --source: ${names.join(", ")}`)
}

function withoutKey({ name, algorithm, fingerprint }: OfferedKey) {
  return { name, algorithm, fingerprint }
}
