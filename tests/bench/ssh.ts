/** Looks over ssh at many hosts, from real sshds of this machine to the ledger: what a look costs here and there, and what a later one that finds nothing does. */
import { discoveryBench } from "#tests/support/discovery-bench.js"
import { needs } from "#tests/support/real-parts.js"
import { SshFleet, type SshdHost, sshFleetsCanBeMade, sshHostsCanBeApart } from "#tests/support/ssh-fleet.js"
import { sshLooks } from "#tests/support/ssh-looks.js"
import { sharedByTests } from "#tests/support/when-finished.js"
import { Ansible } from "./ansible.js"
import { type Row, median, seconds } from "./report.js"

const laterLooks = 3
/** With ansible a host takes more than a second of a processor. */
const besideAnsible = 50

interface Cost {
  readonly wall: number
  /** CPU seconds of whoever asks. */
  readonly here: number
  /** CPU seconds of all hosts. */
  readonly there: number
}

/** The hosts have networks and processes of their own; the relay that leads there is no end of the connection, and not counted. */
export async function benchSsh(folder: string, count: number): Promise<Row[]> {
  if (!sshFleetsCanBeMade() || !sshHostsCanBeApart()) return []
  const rows: Row[] = []
  const end = await sharedByTests(async () => {
    // What ansible copies itself with.
    const fleet = await SshFleet.start(count, { apart: true, sshd: "Subsystem sftp internal-sftp" })
    const [first, later] = await looksAt(fleet, fleet.hosts)
    rows.push(
      { what: `first look over ssh at ${count} hosts`, budget: "none", measured: shown(first, count), pass: true },
      { what: "a later one that finds nothing", budget: "none", measured: shown(later, count), pass: true },
      ratioOf("CPU of both ends, first ÷ later", cpuOf(first) / cpuOf(later), 5),
    )
    if (needs("ansible")) rows.push(...(await compared(fleet, folder)))
  })
  await end()
  return rows
}

/** A first look by somebody new, and a typical one of those that follow. */
async function looksAt(fleet: SshFleet, hosts: readonly SshdHost[]): Promise<readonly [first: Cost, later: Cost]> {
  const { lookAt } = await discoveryBench()
  const source = sshLooks(fleet)({ hosts: hosts.map(({ name }) => name) })
  const look = () =>
    costOf(hosts, ownCpu, async () => {
      const { targets, failed } = await lookAt(source)
      if (targets !== hosts.length) throw new Error(`${failed.length} hosts failed: ${failed[0]?.message}`)
    })
  const first = await look()
  const later: Cost[] = []
  for (let looks = 0; looks < laterLooks; looks++) later.push(await look())
  const of = (key: keyof Cost) => median(later.map((cost) => cost[key]))
  return [first, { wall: of("wall"), here: of("here"), there: of("there") }]
}

/** First with first, and later with later: what it costs to connect is in neither of the latter. */
async function compared(fleet: SshFleet, folder: string): Promise<Row[]> {
  const hosts = fleet.hosts.slice(0, besideAnsible)
  const [first, later] = await looksAt(fleet, hosts)
  const ansible = Ansible.start(
    fleet,
    hosts.map(({ name }) => name),
    folder,
  )
  const gather = () =>
    costOf(
      hosts,
      () => ansible.cpuSeconds,
      () => ansible.gather(),
    )
  const [theirFirst, theirLater] = [await gather(), await gather()]
  const count = hosts.length
  const told = (what: string, theirs: Cost): Row => ({
    what,
    budget: "none",
    measured: shown(theirs, count),
    pass: true,
  })
  return [
    told(`ansible -m setup -f 32 at ${count} of them, first`, theirFirst),
    told("and again", theirLater),
    ratioOf("wall, ansible ÷ ours, first", theirFirst.wall / first.wall, 20),
    ratioOf("wall, ansible ÷ ours, later", theirLater.wall / later.wall, 20),
    ratioOf("CPU of both ends, ansible ÷ ours, first", cpuOf(theirFirst) / cpuOf(first), 15),
    ratioOf("CPU of both ends, ansible ÷ ours, later", cpuOf(theirLater) / cpuOf(later), 15),
  ]
}

/** @param here the CPU seconds of whoever asks, so far */
async function costOf(hosts: readonly SshdHost[], here: () => number, work: () => Promise<void>): Promise<Cost> {
  const there = () => hosts.reduce((sum, host) => sum + host.cpuSeconds, 0)
  const [hereBefore, thereBefore] = [here(), there()]
  const wall = await seconds(work)
  return { wall, here: here() - hereBefore, there: there() - thereBefore }
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function cpuOf({ here, there }: Cost): number {
  return here + there
}

function shown({ wall, here, there }: Cost, count: number): string {
  const ofEach = (cpu: number) => `${((cpu / count) * 1_000).toFixed(0)} ms`
  return `${wall.toFixed(1)} s (CPU of each host: ${ofEach(here)} here, ${ofEach(there)} there)`
}

function ratioOf(what: string, ratio: number, least: number): Row {
  return { what, budget: `≥ ${least} ×`, measured: `${ratio.toFixed(1)} ×`, pass: ratio >= least }
}
