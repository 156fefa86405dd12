/**
 * A real systemd as the first process of a host of the test's own, with the units of the test and no others. Its processes are in a control group of their
 * own, and end with the test.
 */
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { needs } from "./real-parts.js"
import { until } from "./until.js"

/** The text of each, by its name; `default.target` is what the host comes up with. */
export type Units = Readonly<Record<string, string>>

const program = "/lib/systemd/systemd"
/** The tree of control groups, whatever the machine has there. */
const groups = "mount -t tmpfs tmpfs /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup"

/** Whether it can be started: it takes root with namespaces, and control groups of version 2. */
export function systemdCanBeStarted(): boolean {
  const probe = spawnSync("unshare", ["--mount", "--pid", "--fork", "sh", "-c", `test -x ${program} && ${groups}`])
  return needs("root with unshare, systemd and cgroup2", probe.status === 0)
}

/** @returns words for a shell: systemd takes its place. `units` is a folder. */
export function becomeSystemd(units: string): string {
  const environment = `container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=${units}`
  return `${groups} && exec env -i ${environment} ${program} --system --log-target=null --show-status=no`
}

export interface ControlGroup {
  /** The command that runs another one in it. */
  within(command: readonly string[]): readonly [string, ...string[]]
  /** When all that ran in it has ended. */
  remove(): Promise<void>
}

export function controlGroup(): ControlGroup {
  const group = `/sys/fs/cgroup/fleet-ledger-${randomBytes(4).toString("hex")}`
  const apart = ["unshare", "--mount", "sh", "-c"] as const
  return {
    within: (command) => [
      ...apart,
      `${groups} && mkdir ${group} && echo $$ >${group}/cgroup.procs && exec "$@"`,
      "sh",
      ...command,
    ],
    remove() {
      const [unshare, ...args] = apart
      const script = `${groups} && find ${group} -depth -type d -exec rmdir {} +`
      return until(() => spawnSync(unshare, [...args, script]).status === 0)
    },
  }
}
