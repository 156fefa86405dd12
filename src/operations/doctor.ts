/** What of this installation is not as it should be, and what to do about it. */
import * as fs from "node:fs"
import * as path from "node:path"
import * as z from "zod"
import type { Fleet } from "#fleet.js"
import { isAdopted } from "#adopting.js"
import { epochMs } from "#kernel/clock.js"
import { messageOf } from "#kernel/errors.js"
import { query } from "./define.js"

const finding = z.object({
  check: z.string(),
  state: z.enum(["ok", "warning", "wrong"]),
  what: z.string().describe("What was found"),
  advice: z.string().nullable().describe("What to do about it"),
})
type Finding = z.output<typeof finding>

export const doctor = query({
  name: "doctor",
  summary: "Check configuration, permissions, clock, disk, keys, ledger, channels and sources, and say what to do",
  scope: "read",
  withoutViews: true,
  input: z.object({}),
  output: z.object({ ok: z.boolean(), items: z.array(finding) }),
  route: { method: "GET", path: "/api/v1/doctor" },
  command: { name: "doctor", positional: [], examples: ["doctor", "doctor --output json"] },
  async run({ fleet }) {
    const items: Finding[] = []
    for (const [check, look] of Object.entries(checks)) items.push(...(await lookedAt(check, look, fleet)))
    return { ok: items.every(({ state }) => state !== "wrong"), items }
  },
})

type Told = Omit<Finding, "check">
type Look = (fleet: Fleet) => Told[] | Promise<Told[]>

async function lookedAt(check: string, look: Look, fleet: Fleet): Promise<Finding[]> {
  try {
    return (await look(fleet)).map((told) => ({ check, ...told }))
  } catch (error) {
    return [{ check, state: "wrong", what: messageOf(error), advice: null }]
  }
}

const ok = (what: string): Told => ({ state: "ok", what, advice: null })
const warning = (what: string, advice: string): Told => ({ state: "warning", what, advice })
const wrong = (what: string, advice: string): Told => ({ state: "wrong", what, advice })

/** Only where several instances share a ledger. */
const notInForce = warning(
  "another instance's policy or drift.rules are in force",
  "give all instances the same; one's own are adopted when it is its turn to act",
)

const gib = 2 ** 30
const hourMs = 3_600_000

const checks: Readonly<Record<string, Look>> = {
  runtime: () => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
    return major > 20 || (major === 20 && minor >= 19)
      ? [ok(`Node.js ${process.versions.node}`)]
      : [wrong(`Node.js ${process.versions.node}`, "20.19 or newer is needed")]
  },

  configuration: async ({ config, ledger }) => {
    const { file } = config
    const isOpen = file !== undefined && others(file, 0o022)
    return [
      isOpen ? wrong(`${file} can be written by others`, `chmod go-w ${file}`) : ok(file ?? "no file: the defaults"),
      ...((await isAdopted({ ledger }, config)) ? [] : [notInForce]),
    ]
  },

  permissions: ({ folder, config }) =>
    [folder.path, config.keys, ...filesIn(config.keys, ".pem")].map((place) => {
      if (!fs.existsSync(place)) return ok(`${place} is not there yet`)
      return others(place, 0o077)
        ? wrong(`${place} is open to others`, `chmod go-rwx ${place}`)
        : ok(`${place} is its owner's alone`)
    }),

  disk: ({ folder }) => {
    const { bavail, bsize, blocks } = fs.statfsSync(folder.path)
    const free = bavail * bsize
    const what = `${(free / gib).toFixed(1)} GiB free where ${folder.path} lies`
    if (free < gib / 8) return [wrong(what, "nothing can be recorded on a full disk; make room")]
    return free < gib || bavail / blocks < 0.05 ? [warning(what, "make room before it is full")] : [ok(what)]
  },

  clock: async ({ ledger, clock }) => {
    const ahead = epochMs((await ledger.head()).time) - epochMs(clock.now())
    if (ahead > 60_000) {
      const advice = "set the clock right; until then everything is recorded at the time of the last event"
      return [wrong(`the last event was recorded ${Math.round(ahead / 1_000)} s in the future`, advice)]
    }
    return [ok("this machine's clock is not behind the ledger")]
  },

  ledger: async (fleet) => {
    const { position } = await fleet.ledger.head()
    const size = (await fleet.sealer.latest())?.size ?? 0
    const problem = fleet.sealing.problem()
    const missing = (await fleet.ledger.archives.list()).filter(({ isHere }) => !isHere)
    const told =
      problem === undefined ? ok(`${position + 1} events, ${size} sealed`) : wrong(problem, "see the keys folder")
    const absent = warning(
      `${missing.length} archives are elsewhere`,
      'attach them with "fleet-ledger archive attach FILE"',
    )
    return [told, ...(missing.length > 0 ? [absent] : [])]
  },

  subscriptions: async ({ subscriptions }) =>
    (await subscriptions.list()).map(({ name, state, lag, message, deadLetters }) => {
      if (state === "failed")
        return wrong(`${name} has stopped: ${message}`, `fleet-ledger subscription resume ${name}`)
      if (state === "paused") return warning(`${name} is paused`, `fleet-ledger subscription resume ${name}`)
      if (deadLetters > 0) return warning(`${name} has dead letters: ${deadLetters}`, "fleet-ledger deadletter list")
      return lag > 10_000
        ? warning(`${name} is ${lag} events behind`, "wait, or look at the load")
        : ok(`${name} is ${state}`)
    }),

  channels: async ({ delivery, ops }) => {
    const accounts = await ops.deliveries.accounts()
    return delivery.channels.map(({ name }) => {
      const account = accounts.find((one) => one.name === name)
      if (account === undefined || account.failures === 0) return ok(`${name} can be told of alerts`)
      return warning(`${name} cannot be told of alerts: ${account.error}`, `fleet-ledger delivery test ${name}`)
    })
  },

  sources: async ({ discovery, ops, clock, every }) => {
    const looks = new Map((await ops.looks.all()).map((look) => [look.source, look]))
    return discovery.sources.map(({ name }) => {
      const look = looks.get(name)
      if (look === undefined) return warning(`${name} was never looked at`, `fleet-ledger discover ${name}`)
      if (look.outcome === "failed") return wrong(`the last look at ${name} failed`, `fleet-ledger discover ${name}`)
      const age = epochMs(clock.now()) - epochMs(look.finishedAt)
      return age > Math.max(24 * hourMs, 2 * (every(name) ?? 0))
        ? warning(`${name} was looked at ${Math.round(age / hourMs)} hours ago`, 'is "fleet-ledger serve" running?')
        : ok(`${name} was looked at ${look.finishedAt}`)
    })
  },
}

/** Whether the permissions of a place have any of these bits. */
function others(place: string, bits: number): boolean {
  return (fs.statSync(place).mode & bits) !== 0
}

function filesIn(folder: string, ending: string): string[] {
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name))
}
