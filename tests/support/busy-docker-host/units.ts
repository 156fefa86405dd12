/** What systemd says of that host's services: those that run, those that come when they are called, and those that a timer starts. */
import type { Moment } from "./container.js"
import { within } from "./day.js"

interface Unit {
  readonly type?: string
  readonly active: boolean
  readonly file: string
  readonly wantedBy?: string
  readonly triggeredBy?: string
  readonly busName?: string
}

const lasting: Unit = { active: true, file: "enabled", wantedBy: "multi-user.target" }

export function unitsAt(at: Moment): string {
  const isThere = (...times: readonly (readonly [string, string])[]) =>
    times.some(([from, until]) => within(at, from, until))
  const units: Record<string, Unit> = {
    "chrony.service": lasting,
    "containerd.service": { ...lasting, type: "notify" },
    "cron.service": lasting,
    "docker.service": { ...lasting, type: "notify", triggeredBy: "docker.socket" },
    "ssh.service": { ...lasting, type: "notify" },
    "systemd-logind.service": { ...lasting, type: "notify", file: "static", busName: "org.freedesktop.login1" },
    "unattended-upgrades.service": lasting,
    "zfs-zed.service": lasting,
    "apt-daily-upgrade.service": {
      type: "oneshot",
      active: isThere(["06:39", "06:42"]),
      file: "static",
      triggeredBy: "apt-daily-upgrade.timer",
    },
    "logrotate.service": {
      type: "oneshot",
      active: isThere(["00:00", "00:01"]),
      file: "static",
      triggeredBy: "logrotate.timer",
    },
    "sanoid.service": { type: "oneshot", active: at % 900_000 < 60_000, file: "static", triggeredBy: "sanoid.timer" },
    "anacron.service": { active: isThere(["07:30", "07:52"]), file: "enabled", triggeredBy: "anacron.timer" },
    "packagekit.service": {
      type: "dbus",
      active: isThere(["06:20", "06:26"]),
      file: "static",
      busName: "org.freedesktop.PackageKit",
    },
    "systemd-timedated.service": {
      type: "notify",
      active: isThere(["09:04", "09:06"]),
      file: "static",
      busName: "org.freedesktop.timedate1",
    },
    ...(isThere(["09:02", "09:47"], ["13:54", "14:21"]) && {
      "user@1000.service": { type: "notify", active: true, file: "static" },
    }),
    ...(isThere(["14:33", "14:41"]) && { "run-u812.service": { active: true, file: "transient" } }),
  }
  return Object.entries(units).map(blockOf).join("\n")
}

function blockOf([id, { type = "simple", active, file, wantedBy = "", triggeredBy = "", busName = "" }]: [
  string,
  Unit,
]): string {
  const path = `/usr/sbin/${id.replace(".service", "")}`
  return `Type=${type}
ExecStart={ path=${path} ; argv[]=${path} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
User=
BusName=${busName}
Id=${id}
WantedBy=${wantedBy}
RequiredBy=
TriggeredBy=${triggeredBy}
Description=${id}
LoadState=loaded
ActiveState=${active ? "active" : "inactive"}
UnitFileState=${file}
`
}
