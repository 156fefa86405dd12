import { describe, expect, it } from "vitest"
import type { Materials } from "#discovery/facts/material.js"
import { services } from "#discovery/facts/services.js"
import { denied, machine, recorded } from "./materials.js"
import { table } from "./tables.js"

const on = "this-machine"

function byKey(materials: Materials) {
  return new Map(services(materials, on).observations.map((observation) => [observation.nativeKey, observation]))
}

describe("the services of a machine without systemd", () => {
  it("are the processes that listen, by what they call themselves and their lowest port", () => {
    const found = byKey(recorded)
    expect([...found.keys()].sort()).toEqual(["process:node:8125", "process:python3:8126"])
    expect(found.get("process:node:8125")).toEqual({
      kind: "service",
      nativeKey: "process:node:8125",
      on,
      facets: {
        identity: { name: "node", runtime: "process" },
        config: {
          description: null,
          enabled: null,
          executable: "/usr/bin/node",
          user: "www-data",
          ports: { "tcp:127.0.0.1:8125": {} },
        },
        state: { status: "running" },
      },
    })
  })

  it("listen where it matters: a port of the ephemeral range is another one after the next start", () => {
    const ports = byKey(recorded).get("process:python3:8126")?.facets["config"]?.["ports"]
    expect(Object.keys(ports ?? {}).sort()).toEqual([
      "tcp:8126",
      "tcp:8128",
      "tcp:[::1]:8129",
      "udp:127.0.0.1:8127",
      "udp:8130",
    ])
  })

  it("are all there are only when everybody's sockets could be seen", () => {
    const incomplete = services(recorded, on)
    expect(incomplete.complete).toBe(false)
    expect(incomplete.notLooked).toEqual({ "/service": "permission denied to the open files of some processes" })
    const owners = recorded["socket-owners"]
    const complete = services(machine({ "socket-owners": "text" in owners ? owners.text : "" }), on)
    expect(complete).toMatchObject({ complete: true, notLooked: {} })
  })

  it("do not include one that listens on ephemeral ports only", () => {
    // The recorded script's socket on 127.0.0.1:42109.
    const tcp = table([{ local: "0100007F:A47D", inode: 15_151 }])
    expect(services(machine({ tcp, tcp6: "", udp: "", udp6: "" }), on).observations).toEqual([])
  })

  it("keep their executable when an upgrade has replaced it under them", () => {
    const owners = "13992\t7347\t33\t/\t/usr/bin/node (deleted)\tnode\n"
    expect(byKey(machine({ "socket-owners": owners })).get("process:node:8125")?.facets["config"]).toMatchObject({
      executable: "/usr/bin/node",
    })
  })

  it("say when their executable could not be seen", () => {
    const found = services(machine({ "socket-owners": "13992\t7347\t33\t/\t?\tnode\n" }), on)
    expect(found.observations[0]?.facets["config"]).not.toHaveProperty("executable")
    expect(found.notLooked).toEqual({ "/service/config/executable": "permission denied" })
  })

  it("of one name at one port are one, however many processes they are", () => {
    // Constructed: two processes of one server at 127.0.0.1:53 and at 10.0.0.5:53.
    const tcp = table([
      { local: "0100007F:0035", inode: 1 },
      { local: "0500000A:0035", inode: 2 },
    ])
    const owners = "1\t20\t0\t/\t/usr/sbin/named\tnamed\n2\t10\t0\t/\t/usr/sbin/named\tnamed"
    const found = byKey(machine({ tcp, tcp6: "", udp: "", udp6: "", "socket-owners": owners }))
    expect([...found.keys()]).toEqual(["process:named:53"])
    expect(found.get("process:named:53")?.facets["config"]).toMatchObject({
      ports: { "tcp:127.0.0.1:53": {}, "tcp:10.0.0.5:53": {} },
    })
  })

  it("are not named after a port that is in doubt", () => {
    // Constructed: an unprivileged look at a worker that has inherited port 80 of root and opened 8080 itself.
    const tcp = table([
      { local: "00000000:0050", uid: 0, inode: 1 },
      { local: "00000000:1F90", uid: 33, inode: 2 },
    ])
    const text = "1\t20\t33\t/\t/usr/sbin/nginx\tnginx\n2\t20\t33\t/\t/usr/sbin/nginx\tnginx"
    const found = services(
      machine({ tcp, tcp6: "", udp: "", udp6: "", "socket-owners": { text, partial: "denied" } }),
      on,
    )
    expect(found).toMatchObject({ observations: [], complete: false })
  })
})

describe("the services of a machine with systemd", () => {
  it("are its loaded service units, without templates and without what runs once and is done", () => {
    expect([...byKey(machine({ "systemd-units": units })).keys()]).toEqual([
      "systemd:backup.service",
      "systemd:getty@tty1.service",
      "systemd:nginx.service",
      "systemd:postgresql.service",
      "systemd:starting.service",
    ])
  })

  it("are not what comes when it is needed: for a timer, for a call on the bus, for one who logs in or connects; but what of it failed", () => {
    const unit = (Id: string, more: Readonly<Record<string, string>> = {}) =>
      Object.entries({
        Id,
        Type: "simple",
        LoadState: "loaded",
        ActiveState: "active",
        UnitFileState: "static",
        ...more,
      })
        .map(([name, value]) => `${name}=${value}\n`)
        .join("")
    const text = [
      unit("anacron.service", { TriggeredBy: "anacron.timer", WantedBy: "multi-user.target" }),
      unit("packagekit.service", { Type: "dbus", BusName: "org.freedesktop.PackageKit", WantedBy: "" }),
      unit("restic.service", { TriggeredBy: "restic.timer", ActiveState: "failed" }),
      unit("systemd-logind.service", { BusName: "org.freedesktop.login1", WantedBy: "multi-user.target" }),
      unit("docker.service", { TriggeredBy: "docker.socket", WantedBy: "multi-user.target" }),
      unit("user@1000.service"),
      unit("run-u812.service"),
      unit("run-p4711-i4712.service"),
      unit("ssh@3-192.0.2.2:22-192.0.2.9:51234.service"),
      unit("wg-quick@wg0.service"),
    ].join("\n")
    expect([...byKey(machine({ "systemd-units": text })).keys()].sort()).toEqual([
      "systemd:docker.service",
      "systemd:restic.service",
      "systemd:systemd-logind.service",
      "systemd:wg-quick@wg0.service",
    ])
  })

  it("have what their unit says, and of the command only the program: arguments may hold secrets", () => {
    const observations = services(machine({ "systemd-units": units }), on).observations
    expect(observations.find(({ nativeKey }) => nativeKey === "systemd:nginx.service")).toEqual({
      kind: "service",
      nativeKey: "systemd:nginx.service",
      on,
      facets: {
        identity: { name: "nginx", runtime: "systemd" },
        config: {
          description: "A high performance web server and a reverse proxy server",
          executable: "/usr/sbin/nginx",
          user: "root",
          enabled: "enabled",
        },
        state: { status: "running" },
      },
    })
    expect(JSON.stringify(observations)).not.toMatch(/secret|daemon on|4711/)
  })

  it("are running, stopped, failed, or on their way and so unknown", () => {
    const found = byKey(machine({ "systemd-units": units }))
    const status = (key: string) => found.get(key)?.facets["state"]
    expect(status("systemd:getty@tty1.service")).toEqual({ status: "running" })
    expect(status("systemd:postgresql.service")).toEqual({ status: "stopped" })
    expect(status("systemd:backup.service")).toEqual({ status: "failed" })
    expect(status("systemd:starting.service")).toEqual({ status: "unknown" })
  })

  it("are not confused by an argument that looks like another unit", () => {
    const found = byKey(machine({ "systemd-units": units }))
    expect(found.has("systemd:evil.service")).toBe(false)
    expect(found.get("systemd:starting.service")?.facets["config"]).toMatchObject({
      executable: "/bin/sh",
      user: "app",
    })
  })

  it("listen where the processes of their unit do, as far as all of them could be seen", () => {
    // Constructed: the recorded sockets, their processes in units of systemd.
    const text = [
      "13992\t7347\t33\t/system.slice/nginx.service\t/usr/bin/node\tnode",
      "15149\t7348\t0\t/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service\t/usr/bin/python3\tpython3",
    ].join("\n")
    const seen = byKey(machine({ "systemd-units": units, "socket-owners": text }))
    expect(seen.get("systemd:nginx.service")?.facets["config"]).toMatchObject({ ports: { "tcp:127.0.0.1:8125": {} } })
    expect(seen.get("systemd:postgresql.service")?.facets["config"]).toMatchObject({ ports: {} })

    const forwarded = text.replaceAll("\tnode", "\tdocker-proxy")
    const forwarding = byKey(machine({ "systemd-units": units, "socket-owners": forwarded }))
    expect(forwarding.get("systemd:nginx.service")?.facets["config"]).toMatchObject({ ports: {} })

    const unseen = services(machine({ "systemd-units": units, "socket-owners": { text, partial: "denied" } }), on)
    expect(unseen.notLooked).toEqual({ "/service/config/ports": "denied" })
    expect(unseen.complete).toBe(true)
    for (const { facets } of unseen.observations) expect(facets["config"]).not.toHaveProperty("ports")
  })

  it("are not replaced by guesses when systemd runs and does not answer", () => {
    expect(services(machine({ "systemd-units": denied }), on)).toEqual({
      observations: [],
      notLooked: { "/service": "permission denied" },
      complete: false,
    })
  })
})

// Constructed after `systemctl show` of systemd 252; it does not run on the recorded machine.
const command = (path: string, argv: string) =>
  `ExecStart={ path=${path} ; argv[]=${argv} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=4711 ; code=(null) ; status=0/0 }`

const units = `Type=oneshot
${command("/usr/local/bin/backup", "/usr/local/bin/backup --password=secret")}
User=backup
Id=backup.service
Description=Nightly backup
LoadState=loaded
ActiveState=failed
UnitFileState=static

Type=idle
${command("/sbin/agetty", "/sbin/agetty -o -p -- \\u --noclear tty1 linux")}
User=
Id=getty@tty1.service
Description=Getty on tty1
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Type=forking
${command("/usr/sbin/nginx", "/usr/sbin/nginx -g daemon on; master_process on;")}
User=
Id=nginx.service
Description=A high performance web server and a reverse proxy server
LoadState=loaded
ActiveState=reloading
UnitFileState=enabled

Type=notify
${command("/usr/lib/postgresql/15/bin/postgres", "postgres")}
User=postgres
Id=postgresql.service
Description=PostgreSQL
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled

Type=simple
${command(
  "/bin/sh",
  `/bin/sh -c f() { echo secret; }

Id=evil.service
LoadState=loaded
ActiveState=active

User=root }`,
)}
User=app
Id=starting.service
Description=Starts for ever
LoadState=loaded
ActiveState=activating
UnitFileState=enabled

Type=oneshot
${command("/usr/bin/touch", "/usr/bin/touch /run/done")}
User=
Id=once.service
Description=Runs once
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Type=simple
User=
Id=getty@.service
Description=Template
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled

Type=simple
User=
Id=missing.service
Description=missing.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
`
