/** What happens to a real fleet is told once, and its end: from looks at real hosts and a real engine, through the ledger and what judges it, to a receiver and to a mailbox. */
import { keepDeadlines } from "#alerts/deadlines.js"
import { dockerSource } from "#discovery/sources/docker.js"
import type { Source } from "#discovery/observation.js"
import { type Fleet, openFleet } from "#fleet.js"
import type { EventOf } from "#events/catalog.js"
import { systemClock } from "#kernel/clock.js"
import type { StreamName } from "#kernel/ids.js"
import type { Position } from "#kernel/point.js"
import { asker, type Ask } from "#tests/support/asker.js"
import { DockerEngine, dockerEnginesCanBeStarted } from "#tests/support/docker-engine.js"
import { configIn } from "#tests/support/folder-fleet.js"
import { type Mail, type MailServer, headOf, mailServer } from "#tests/support/mail-server.js"
import { Receiver } from "#tests/support/receiver.js"
import { canMount } from "#tests/support/small-disk.js"
import { SshFleet, type SshdHost, sshFleetsCanBeMade, sshHostsCanBeApart } from "#tests/support/ssh-fleet.js"
import { sshLooks } from "#tests/support/ssh-looks.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { identity } from "#tests/support/web-servers.js"
import { sharedByTests, whenFinished } from "#tests/support/when-finished.js"
import { beforeAll, describe, expect, it } from "vitest"

interface Answer extends Record<string, unknown> {
  readonly items: Record<string, unknown>[]
}

interface Told {
  readonly type: string
  readonly rule: string
  readonly title: string
  readonly alerts: readonly { readonly id: string }[]
}

const canBeMade = sshFleetsCanBeMade() && sshHostsCanBeApart() && dockerEnginesCanBeStarted() && canMount()
const patienceMs = 5_000
/** A certificate that is made for thirty days is soon told to be near its end. */
const certificateSeconds = 30 * 86_400 - 6

describe.runIf(canBeMade)("what happens to a fleet", { timeout: 30_000 }, () => {
  let hosts: readonly SshdHost[]
  let knowAll: () => void
  let engine: DockerEngine
  let fleet: Fleet
  let receiver: Receiver
  let post: MailServer
  let ask: Ask<Answer>

  beforeAll(
    () =>
      sharedByTests(async () => {
        const [network, started, listening] = await Promise.all([
          SshFleet.start(4, { apart: true }),
          DockerEngine.start(),
          Receiver.start(),
        ])
        post = await mailServer()
        ;[engine, receiver, hosts] = [started, listening, network.hosts]
        whenFinished(() => engine.stop())
        knowAll = () => network.knowAll()
        const overSsh = () => ({ connect: () => Promise.reject(new Error("nobody is at the other end")) })
        const docker = dockerSource("engine", { host: `unix://${engine.socket}` }, { clock: systemClock, overSsh })
        const channel = { name: "hook", kind: "webhook", url: receiver.url, groupFor: "0s" }
        const addresses = { host: "127.0.0.1", port: post.port, from: "fleet@example.org", to: ["ops@example.org"] }
        const mail = { name: "post", kind: "email", groupFor: "0s", ...addresses }
        const config = {
          policy: {
            bands: { sustainedLooks: 1, sustainedMs: 0 },
            health: { certificateMs: certificateSeconds * 1_000 },
          },
          alerts: { channels: [channel, mail], certificates: `${certificateSeconds}s` },
        }
        const folder = await tempFolder()
        const sources = [unloaded(sshLooks(network)()), docker]
        fleet = await openFleet(configIn(folder, JSON.stringify(config)), systemClock, { sources })
        const failed = (error: unknown) => expect.fail(String(error))
        const delivering = fleet.delivery.start(failed)
        const telling = keepDeadlines(fleet, { isOurs: () => true }, failed)
        whenFinished(async () => {
          await telling.stop()
          await delivering.stop()
          await fleet.close()
        })
        ask = asker<Answer>(fleet)
        await ask("discover")
        await ask("rules adopt", { name: "usual", starter: true })
      }),
    30_000,
  )

  /**
   * What was told since it was asked last, when everybody has come to the end and nothing is owed: the same at the receiver and in the mailbox, each soon after
   * what caused it.
   * @returns `<what> <rule>: <title>`
   */
  const told = async (): Promise<readonly string[]> => {
    await until(async () => {
      const behind = await fleet.subscriptions.list()
      const owed = await fleet.ops.deliveries.counts()
      return behind.every(({ lag }) => lag === 0) && (await fleet.ops.outbox.counts()).size === 0 && owed.length === 0
    })
    const heard = receiver.requests.splice(0).map(({ body, at }) => ({ ...(JSON.parse(body) as Told), at }))
    const called = heard.map(({ title, alerts, at }) => ({ title, alerts: alerts.map(({ id }) => id), at }))
    const mailed = post.mails.splice(0).map(saidIn)
    const said = (all: typeof mailed) => all.map(({ title, alerts }) => [title, ...alerts].join("\n")).toSorted()
    expect(said(mailed)).toEqual(said(called))
    for (const { title, alerts, at } of [...called, ...mailed])
      for (const id of alerts) expect(at - (await happenedAt(id, title))).toBeLessThan(patienceMs)
    return heard.map(({ type, rule, title }) => `${type.slice("alert.".length)} ${rule}: ${title}`)
  }

  /** When what raised or resolved an alert was recorded, or was due, in milliseconds since the epoch. */
  const happenedAt = async (alert: string, title: string): Promise<number> => {
    const events = await fleet.ledger.readStream(`alert-${alert}` as StreamName, { limit: 10 })
    const wanted = title.startsWith("Resolved: ") ? "AlertResolved" : "AlertRaised"
    const event = events.find((each) => each.type === wanted) as EventOf<"AlertRaised">
    const [cause] = await fleet.ledger.readAt([event.data.cause as Position])
    return Date.parse((cause?.type === "DeadlinePassed" ? cause.data.dueAt : cause?.recordedAt) ?? "")
  }

  const look = (source: string) => ask("discover", { source })
  const healthOf = async (entity: string) => {
    const [{ score, reasons } = {}] = (await ask("health", { entity })).items
    return [score, (reasons as { fact: string }[]).map(({ fact }) => fact)]
  }
  const driftOf = async (entity: string) =>
    (await ask("drift", { entity })).items.map(({ rule, baseline, field }) => [rule ?? baseline, field])

  it("a disk that fills up", async () => {
    const [host] = hosts as [SshdHost]
    const script =
      "truncate -s 8M /run/disk && mkfs.ext4 -q /run/disk && mkdir /run/small && mount -o loop /run/disk /run/small"
    host.run("sh", "-c", script)
    await look("fleet")
    expect(await told()).toEqual([])
    host.run("sh", "-c", "dd if=/dev/zero of=/run/small/file bs=1M count=8 2>/dev/null; test -s /run/small/file")
    await look("fleet")
    expect(await told()).toEqual(["raised disk-full: /run/small of host1 is nearly full"])
    expect(await healthOf("host1")).toEqual([0.7, ["disk is critical: /run/small"]])
    expect(await driftOf("host1")).toEqual([])
    host.run("rm", "/run/small/file")
    await look("fleet")
    expect(await told()).toEqual(["resolved disk-full: Resolved: /run/small of host1 is nearly full"])
    expect(await healthOf("host1")).toEqual([1, []])
  })

  it("a port that is opened", async () => {
    const [, host] = hosts as [SshdHost, SshdHost]
    await ask("pin", { name: "golden", q: "name:host2" })
    const close = host.listen(2200)
    await look("fleet")
    const title = 'host2 is not as "golden" says: /sockets/tcp:198.18.0.2:2200'
    expect(await told()).toEqual([`raised drift-found: ${title}`])
    expect(await driftOf("host2")).toEqual([["golden", "/sockets/tcp:198.18.0.2:2200"]])
    expect(await healthOf("host2")).toEqual([1, []])
    close()
    await look("fleet")
    expect(await told()).toEqual([`resolved drift-found: Resolved: ${title}`])
    expect(await driftOf("host2")).toEqual([])
  })

  it("a host key that is another one", async () => {
    const host = hosts[3] as SshdHost
    await host.changeHostKey()
    await look("fleet")
    const title = "host4 shows another host key than the one that is trusted: somebody else may be answering"
    expect(await told()).toEqual([`raised host-key-changed: ${title}`])
    expect(await healthOf("host4")).toEqual([0.7, ["it shows another host key than the one that is trusted"]])
    expect(await driftOf("host4")).toEqual([])
    knowAll()
    await look("fleet")
    expect(await told()).toEqual([`resolved host-key-changed: Resolved: ${title}`])
    expect(await healthOf("host4")).toEqual([1, []])
  })

  it("a certificate that is near its end, by the clock alone", async () => {
    const host = hosts[2] as SshdHost
    const serve = async (days: number, ...ports: number[]) => {
      const { certificate, key } = await identity("host3", days)
      const start = ports.map((port) => `openssl s_server -www -accept ${port} -cert ${certificate} -key ${key} &`)
      host.run("sh", "-c", `exec </dev/null >/dev/null 2>&1; ${start.join(" ")}`)
      const listens = ports.map((port) => `until ss -Hltn sport = :${port} | grep -q .; do sleep 0.01; done`)
      host.run("sh", "-c", listens.join(" && "))
      await look("fleet")
    }
    await serve(30, 443)
    expect([await told(), await healthOf("host3")]).toEqual([[], [1, []]])
    const [{ position } = {}] = (await ask("history", { entity: "host3", limit: 1 })).items
    await until(() => receiver.requests.length > 0)
    const [raised = "", ...others] = await told()
    expect([raised, others]).toEqual([
      expect.stringMatching(/^raised certificate-expiring: .* host3 at 443 expires/),
      [],
    ])
    expect(await healthOf("host3")).toEqual([0.9, [expect.stringMatching(/^the certificate at 443 ends /)]])
    // Nothing has changed there, so nothing drifts.
    expect([
      (await ask("history", { entity: "host3", limit: 1 })).items[0]?.["position"],
      await driftOf("host3"),
    ]).toEqual([position, []])
    host.run("sh", "-c", "pkill -x openssl; while ss -Hltn sport = :443 | grep -q .; do sleep 0.01; done")
    await serve(365, 443, 8443)
    expect(await told()).toEqual([
      raised.replace("raised certificate-expiring: ", "resolved certificate-expiring: Resolved: "),
    ])
    expect(await healthOf("host3")).toEqual([1, []])
  })

  it("a container that is stopped, and one that is deployed otherwise", async () => {
    const compose = (edited: string) => {
      const service = (image: string) =>
        `{ image: "${image}", command: sleep 600, restart: always, stop_signal: SIGKILL }`
      engine.compose("shop", `services:\n  web: ${service("box:1")}\n  db: ${service(edited)}\n`, "up", "-d")
      return look("engine")
    }
    await engine.docker.getImage("box:1").tag({ repo: "box", tag: "latest" })
    await compose("box:1")
    expect(await told()).toEqual([])
    const web = engine.docker.getContainer("shop_web_1")
    await web.stop()
    await look("engine")
    const stopped = 'shop_web_1 is not as "usual" says: kept-running'
    expect(await told()).toEqual([`raised drift-found: ${stopped}`])
    expect(await healthOf("shop_web_1")).toEqual([0.5, ["it is stopped"]])
    expect(await healthOf("shop")).toEqual([0.5, ["it needs shop_web_1: it is stopped"]])
    expect(await driftOf("shop_web_1")).toEqual([["kept-running", "/state/status"]])
    await web.start()
    await look("engine")
    expect(await told()).toEqual([`resolved drift-found: Resolved: ${stopped}`])

    await compose("box:latest")
    const edited = 'shop_db_1 is not as "usual" says: image-tags'
    expect(await told()).toEqual([`raised drift-found: ${edited}`])
    expect(await driftOf("shop_db_1")).toEqual([["image-tags", "/container/image"]])
    expect(await healthOf("shop_db_1")).toEqual([1, []])
    await compose("box:1")
    expect(await told()).toEqual([`resolved drift-found: Resolved: ${edited}`])
    expect(await healthOf("shop")).toEqual([1, []])
  })

  it("what invites harm, with the fact that it rests on, until it is mended", async () => {
    const [host] = hosts as [SshdHost]
    /** Each with the field that it rests on, and who saw that. */
    const found = async (entity: string) => {
      const { items } = await ask("security", { entity })
      const events = await fleet.ledger.readAt(items.map(({ position }) => position as Position))
      return items.map(({ rule, path }, index) => [rule, path, events[index]?.metadata.source])
    }
    const settings = (root: string, passwords: string) => {
      const lines = `HostKey /etc/ssh/key\nPermitRootLogin ${root}\nPasswordAuthentication ${passwords}\n`
      host.run("sh", "-c", 'printf %s "$1" >/etc/ssh/sshd_config', "sh", lines)
      return look("fleet")
    }
    host.run("mount", "-t", "tmpfs", "tmpfs", "/etc/ssh")
    host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/key")
    await settings("yes", "yes")
    const always = { RestartPolicy: { Name: "always" } }
    await engine.run("agent", { HostConfig: { ...always, Binds: [`${engine.socket}:/var/run/docker.sock`] } })
    await look("engine")
    const rests = (setting: string) => ["sshd-setting", `/security/sshd/sshd:${setting}`, "fleet"]
    expect(await found("host1")).toEqual([rests("passwordauthentication"), rests("permitrootlogin")])
    const socket = "/container/mounts/mount:~1var~1run~1docker.sock"
    expect(await found("agent")).toEqual([["docker-socket", socket, "engine"]])
    const title = 'host1 is not as "usual" says: root-login'
    expect(await told()).toEqual([`raised drift-found: ${title}`])
    await settings("prohibit-password", "no")
    await engine.remove("agent")
    await engine.run("agent", { HostConfig: always })
    await look("engine")
    expect([await found("host1"), await found("agent")]).toEqual([[], []])
    expect(await told()).toEqual([`resolved drift-found: Resolved: ${title}`])
  })
})

/** Of a mail: what it says, and which alerts it is about. */
function saidIn(mail: Mail) {
  const head = headOf(mail)
  const alerts = [...(head.get("references") ?? "").matchAll(/<alert\.(.*?)@/g)].map(([, id = ""]) => id)
  return { title: head.get("subject") ?? "", alerts, at: mail.at }
}

/** This machine is busy with the tests, which is not what is told of it. */
function unloaded(source: Source): Source {
  return {
    ...source,
    async look(signal, progress) {
      const seen = await source.look(signal, progress)
      const observations = seen.observations.map((each) => ({ ...each, facets: { ...each.facets, usage: {} } }))
      return { ...seen, observations }
    },
  }
}
