/** Looks over ssh at many hosts, from real sshds of this machine to the ledger: what a look costs here and there, and what a later one that finds nothing does. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { discoveryBench } from "#tests/support/discovery-bench.js"
import { needs } from "#tests/support/real-parts.js"
import { SshFleet, sshFleetsCanBeMade } from "#tests/support/ssh-fleet.js"
import { sshLooks } from "#tests/support/ssh-looks.js"
import { sharedByTests } from "#tests/support/when-finished.js"
import { type Row, median, seconds } from "./report.js"

const laterLooks = 3

interface Cost {
  readonly wall: number
  /** CPU seconds of this process. */
  readonly here: number
  /** CPU seconds of all hosts. */
  readonly there: number
}

export async function benchSsh(folder: string, count: number): Promise<Row[]> {
  if (!sshFleetsCanBeMade()) return []
  const rows: Row[] = []
  const end = await sharedByTests(async () => {
    const fleet = await SshFleet.start(count)
    const { lookAt } = await discoveryBench()
    const source = sshLooks(fleet)()
    const look = () =>
      costOf(fleet, async () => {
        const { targets, failed } = await lookAt(source)
        if (targets !== count) throw new Error(`${failed.length} of ${count} hosts failed: ${failed[0]?.message}`)
      })
    const first = await look()
    const later: Cost[] = []
    for (let looks = 0; looks < laterLooks; looks++) later.push(await look())
    rows.push(...rowsOf(count, first, later), ...(await besideAnsible(fleet, folder, later)))
  })
  await end()
  return rows
}

async function costOf(fleet: SshFleet, work: () => Promise<void>): Promise<Cost> {
  const there = () => fleet.hosts.reduce((sum, host) => sum + host.cpuSeconds, 0)
  const before = there()
  const cpu = process.cpuUsage()
  const wall = await seconds(work)
  const { user, system } = process.cpuUsage(cpu)
  return { wall, here: (user + system) / 1e6, there: there() - before }
}

function rowsOf(count: number, first: Cost, looks: readonly Cost[]): Row[] {
  const of = (key: keyof Cost) => median(looks.map((cost) => cost[key]))
  const later = { wall: of("wall"), here: of("here"), there: of("there") }
  const shown = ({ wall, here, there }: Cost) =>
    `${wall.toFixed(1)} s (CPU ${here.toFixed(1)} s here, ${((there / count) * 1_000).toFixed(0)} ms on each)`
  const ratio = (first.here + first.there) / (later.here + later.there)
  return [
    { what: `first look over ssh at ${count} hosts`, budget: "none", measured: shown(first), pass: true },
    { what: "a later one that finds nothing", budget: "none", measured: shown(later), pass: true },
    { what: "CPU of both ends, first ÷ later", budget: "≥ 5 ×", measured: `${ratio.toFixed(1)} ×`, pass: ratio >= 5 },
  ]
}

/** What ansible gathers is less, and it keeps nothing; its connections are kept as well. */
async function besideAnsible(fleet: SshFleet, folder: string, later: readonly Cost[]): Promise<Row[]> {
  if (!needs("ansible")) return []
  const config = path.join(fleet.home, ".ssh/config")
  fleet.configure(
    `Host *\n User root\n UserKnownHostsFile ${fleet.home}/.ssh/known_hosts\n IdentityFile ${fleet.home}/.ssh/id_ed25519`,
  )
  const inventory = path.join(folder, "inventory")
  fs.writeFileSync(inventory, fleet.hosts.map(({ name }) => `${name}\n`).join(""))
  const env = {
    ...process.env,
    HOME: fleet.home,
    ANSIBLE_SSH_ARGS: `-F ${config} -o ControlMaster=auto -o ControlPersist=60s`,
  }
  const gather = () =>
    execFileSync("ansible", ["all", "-i", inventory, "-m", "setup", "-f", "32"], { env, stdio: "ignore" })
  gather()
  const theirs = await seconds(gather)
  const ours = median(later.map(({ wall }) => wall))
  const measured = `${(theirs / ours).toFixed(1)} × (${ours.toFixed(1)} s, ${theirs.toFixed(1)} s)`
  return [{ what: "the same, wall", budget: "≥ 1 × ansible -m setup -f 32", measured, pass: theirs >= ours }]
}
