/**
 * The machine that this runs on. It is read where the kernel and the distribution keep it, with whatever rights the process has: a
 * smaller right means less that is looked at, never a failure and never another answer.
 *
 * The machine's native key is constant. The source is the machine, whatever it is called: its ids in /etc/machine-id and SMBIOS are
 * evidence for linking records, they can be copied with a disk or be missing, and a record's name may not change with them.
 */
import * as os from "node:os"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { causesIn } from "../facts/apt-history.js"
import { linuxMachine } from "../facts/linux.js"
import type { Material, Materials } from "../facts/material.js"
import type { Look, Source } from "../observation.js"
import { type Asker, asker } from "./local/asked.js"
import { container } from "./local/container.js"
import { type Files, filesBelow } from "./local/files.js"
import { addresses, interfaces } from "./local/interfaces.js"
import { runHere } from "./local/run.js"
import { sockets } from "./local/sockets.js"
import { type StatfsReader, statfsReader } from "./local/statfs.js"
import { systemdUnits } from "./local/systemd.js"

/** The native key of the one target that a local source has. */
export const thisMachine = "this-machine"

export interface LocalOptions {
  /** Where the machine's files are; addresses and the architecture are always those of the running system. */
  readonly root?: string
  readonly clock?: Clock
}

/** @param name the name of the configured source; its look throws `SourceUnavailable` where there is no /proc */
export function localSource(name: string, { root = "/", clock = systemClock }: LocalOptions = {}): Source {
  const statfs = statfsReader()
  const ask = asker()
  const understand = linuxMachine(thisMachine)
  return {
    name,
    kind: "local",
    async look(signal: AbortSignal): Promise<Look> {
      signal.throwIfAborted()
      const observedAt = clock.now()
      const files = filesBelow(root, signal)
      if (!("names" in (await files.list("/proc"))))
        throw new FleetError("SourceUnavailable", "this machine has no /proc; only Linux can be looked at from within")
      const materials = await untilAborted(signal, gather(files, statfs, ask))
      const { observations, notLooked, ...coverage } = understand(materials)
      const reach = { rights: rights(), notLooked, ...coverage }
      return { observedAt, observations, coverage: reach, causes: causesIn(materials["apt-history"], observations[0]) }
    },
    async run(target, argv, seconds, signal) {
      if (target !== thisMachine || root !== "/") throw new FleetError("NotFound", `"${name}" runs nothing elsewhere`)
      return runHere(argv, seconds, signal)
    },
  }
}

/** One file after the other: each takes a fraction of a millisecond, and nobody else waits meanwhile. */
async function gather(files: Files, statfs: StatfsReader, ask: Asker): Promise<Materials> {
  const mounts = await files.read("/proc/self/mountinfo")
  return {
    ...(await ask(files)),
    ...(await sockets(files)),
    "os-release": await firstOf(files, ["/etc/os-release", "/usr/lib/os-release"]),
    kernel: await files.read("/proc/sys/kernel/osrelease"),
    "boot-id": await files.read("/proc/sys/kernel/random/boot_id"),
    architecture: { text: os.machine() },
    hostname: await files.read("/proc/sys/kernel/hostname"),
    hosts: await files.read("/etc/hosts"),
    "machine-id": await files.read("/etc/machine-id"),
    "smbios-uuid": await files.read("/sys/class/dmi/id/product_uuid"),
    "dmi-vendor": await files.read("/sys/class/dmi/id/sys_vendor"),
    "dmi-product": await files.read("/sys/class/dmi/id/product_name"),
    cpuinfo: await files.read("/proc/cpuinfo"),
    "cpu-online": await files.read("/sys/devices/system/cpu/online"),
    meminfo: await files.read("/proc/meminfo"),
    stat: await files.read("/proc/stat"),
    container: await container(files),
    interfaces: await interfaces(files),
    addresses: addresses(),
    addresses6: await files.read("/proc/net/if_inet6"),
    routes: await files.read("/proc/net/route"),
    routes6: await files.read("/proc/net/ipv6_route"),
    resolv: await files.read("/etc/resolv.conf"),
    mounts,
    statfs: await statfs(files, mounts),
    passwd: await files.read("/etc/passwd"),
    "systemd-units": await systemdUnits(files),
    "dpkg-status": await files.read("/var/lib/dpkg/status"),
    // Behind the packages: what had ended when they were read is in it.
    "apt-history": await aptHistory(files),
  }
}

/** Far more than is installed and removed between two looks. */
const endOfLog = 256 * 2 ** 10

async function aptHistory(files: Files): Promise<Material> {
  const log = await files.tail("/var/log/apt/history.log", endOfLog)
  return "text" in log ? { text: `${zone(new Date().getTimezoneOffset())}\n${log.text}` } : log
}

/** As `date +%z` has it. @param minutes that UTC is ahead */
function zone(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes > 0 ? "-" : "+"}${String(hours * 100 + rest).padStart(4, "0")}`
}

/** The work, or the reason as soon as it is not wanted any more: a call that the kernel does not answer cannot be taken back. */
function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener("abort", abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort))
  })
}

async function firstOf(files: Files, candidates: readonly string[]): Promise<Material> {
  for (const file of candidates) {
    const material = await files.read(file)
    if (!("absent" in material)) return material
  }
  return { absent: true }
}

function rights(): string {
  const uid = process.geteuid?.()
  if (uid === 0) return "root"
  try {
    return `user:${os.userInfo().username}`
  } catch {
    // A user id that no passwd entry names.
    return `user:${uid}`
  }
}
