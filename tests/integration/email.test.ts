/** Alerts by e-mail: what mailboxes are sent, and that none is lost or sent twice however the mail server behaves. */
import { acknowledge, alertId, raise, resolve } from "#tests/support/alerts.js"
import { type World, delivering } from "#tests/support/delivering.js"
import { type Answer, type Mail, type MailServer, headOf, mailServer } from "#tests/support/mail-server.js"
import { identity } from "#tests/support/web-servers.js"
import { describe, expect, it } from "vitest"

const to = ["ops@example.org"]

async function mailing(channel: Record<string, unknown> = {}, server?: MailServer, patienceMs = 10_000) {
  const mails = server ?? (await mailServer())
  const given = { kind: "email", host: "127.0.0.1", port: mails.port, from: "fleet@example.org", to, ...channel }
  const world = await delivering([given], { patienceMs })
  return { server: mails, world, ...world }
}

const done = (world: World) => world.time.passes(() => world.isDone())

const bodyOf = ({ raw }: Mail) => raw.slice(raw.indexOf("\r\n\r\n")).replaceAll("=\r\n", "").replaceAll("=3D", "=")

describe("an alert", () => {
  it("is a mail of its own, known by its delivery, in one thread with what becomes of it", async () => {
    const { server, world, ledger } = await mailing({ tells: ["raised", "acknowledged", "resolved"] })
    await raise(ledger, "web-1", { severity: "critical" })
    await acknowledge(ledger, "web-1")
    await resolve(ledger, "web-1")
    await done(world)
    const heads = server.mails.map(headOf)
    expect(heads.map((head) => head.get("subject"))).toStrictEqual([
      "web-1 cannot be reached",
      "Acknowledged: web-1 cannot be reached",
      "Resolved: web-1 cannot be reached",
    ])
    const thread = `<alert.${alertId("web-1")}@example.org>`
    expect(heads.map((head) => [head.get("references"), head.get("in-reply-to")])).toStrictEqual([
      [thread, undefined],
      [thread, thread],
      [thread, thread],
    ])
    expect(new Set(heads.map((head) => head.get("message-id"))).size).toBe(3)
    expect(heads[0]).toStrictEqual(
      new Map([
        ...(heads[0] ?? []),
        ["from", '"fleet-ledger" <fleet@example.org>'],
        ["to", "ops@example.org"],
        ["auto-submitted", "auto-generated"],
      ]),
    )
    expect(server.mails[0]).toMatchObject({ from: "fleet@example.org", to })
    expect(bodyOf(server.mails[1] as Mail)).toContain("By user:ada: on it")
    expect(bodyOf(server.mails[0] as Mail)).toContain("http://fleet.test/entities/")
  })

  it("of what the fleet calls itself is text: no head, no mark-up and no recipient is made of it", async () => {
    const { server, world, ledger } = await mailing()
    const title = `web\r\nBcc: eve@example.org\r\n\r\n<img src=x onerror=alert(1)>\u202E "&amp;`
    await raise(ledger, "web-1", { title })
    await done(world)
    const [mail] = server.mails as [Mail]
    expect(mail.to).toStrictEqual(to)
    expect(headOf(mail).has("bcc")).toBe(false)
    expect(headOf(mail).get("subject")).toBe(
      String.raw`web Bcc: eve@example.org <img src=x onerror=alert(1)>\u202e "&amp;`,
    )
    const html = bodyOf(mail).slice(bodyOf(mail).indexOf("text/html"))
    expect(html).not.toContain("<img")
    expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;")
    expect(html).toContain("&quot;&amp;amp;")
  })

  it("of a storm is one mail with the number and the first names", async () => {
    const { server, world, ledger } = await mailing()
    const names = Array.from({ length: 300 }, (_, index) => `web-${index}`)
    await Promise.all(names.map((name) => raise(ledger, name)))
    await done(world)
    expect(server.mails).toHaveLength(1)
    const [mail] = server.mails as [Mail]
    expect(headOf(mail).get("subject")).toMatch(/^Raised: 300 alerts of target-unreachable: web-.* and 290 more$/)
    expect(bodyOf(mail)).toContain("and 250 more")
    expect(mail.raw.length).toBeLessThan(60_000)
  })
})

describe("a mail server", () => {
  const failing = (point: string, given: Answer, times: number) => {
    let left = times
    return (at: string) => (at === point && left-- > 0 ? given : "ok")
  }

  it.each([
    ["has no time", "connect", 421],
    ["has no place for a message", "data", 452],
    ["knows nobody whom it has not seen before", "to", 450],
    ["does not want the sender today", "from", 451],
    ["does not want the sender until somebody mends that", "from", 550],
    ["says nothing", "connect", "hang"],
    ["never says that it took it", "data", "hang"],
    ["breaks off in the middle of a message", "data", "break off"],
  ] as const)("that %s is sent the same again until it takes it", async (_, point, given) => {
    // Whoever says nothing is waited for, in real time.
    const isSilent = given === "hang"
    const times = isSilent ? 1 : 2
    const { server, world, ledger } = await mailing({}, undefined, isSilent ? 1_000 : 10_000)
    server.at = failing(point, given, times)
    await raise(ledger, "web-1")
    await resolve(ledger, "web-1")
    await done(world)
    expect(server.mails.map((mail) => headOf(mail).get("subject"))).toStrictEqual([
      "web-1 cannot be reached",
      "Resolved: web-1 cannot be reached",
    ])
    expect(await world.ops.deliveries.accounts()).toMatchObject([{ taken: 2, failed: times, buried: 0 }])
  })

  it.each([
    ["data", 554],
    ["to", 550],
  ] as const)("that refuses a message for good, at %s, is not sent it again", async (point, code) => {
    const { server, world, ledger } = await mailing()
    server.at = failing(point, code, 1)
    await raise(ledger, "odd")
    await done(world)
    await raise(ledger, "web-1")
    await done(world)
    expect(server.mails).toHaveLength(1)
    expect(await world.dead()).toMatchObject([{ error: expect.stringContaining(`${code} not so`) }])
  })

  it("that has no room for one of several writes to the others once", async () => {
    const { server, world, ledger } = await mailing({ to: ["a@example.org", "b@example.org", "c@example.org"] })
    let left = 2
    server.at = (_, what) => (what === "b@example.org" && left-- > 0 ? 452 : "ok")
    await raise(ledger, "web-1")
    await done(world)
    expect(server.mails.map((mail) => mail.to)).toStrictEqual([["a@example.org", "c@example.org"], ["b@example.org"]])
    expect(new Set(server.mails.map((mail) => headOf(mail).get("message-id"))).size).toBe(1)
    expect(headOf(server.mails[1] as Mail).get("to")).toBe("a@example.org, b@example.org, c@example.org")
  })

  it("is signed in to over TLS, by a secret that is nowhere but where it is kept; one that is wrong is no message's fault", async () => {
    const id = await identity("mail.test", 30)
    process.env["TEST_MAIL_PASSWORD"] = "open sesame"
    for (const security of ["starttls", "tls"] as const) {
      const server = await mailServer(id, security === "tls" ? { secure: true } : {})
      let wrong = 2
      server.at = (point, what) => (point !== "auth" || (what === "fleet:open sesame" && wrong-- <= 0) ? "ok" : 535)
      const { world, ledger } = await mailing(
        { security, ca: id.certificate, user: "fleet", password: "env:TEST_MAIL_PASSWORD" },
        server,
      )
      await raise(ledger, "web-1")
      await done(world)
      expect(server.mails).toMatchObject([{ isSecure: true, user: "fleet" }])
      const [account] = await world.ops.deliveries.accounts()
      expect(account).toMatchObject({ failed: 2, buried: 0, error: expect.stringContaining("535") })
      expect(account?.error).not.toContain("sesame")
    }
  })

  it("that cannot be reached in the security that is asked for is told nothing", async () => {
    const id = await identity("mail.test", 30)
    const [bare, unknown] = [await mailServer(), await mailServer(id)]
    const given = { kind: "email", host: "127.0.0.1", security: "starttls", from: "fleet@example.org", to }
    const world = await delivering([bare, unknown].map(({ port }) => ({ ...given, port })))
    await raise(world.ledger, "web-1")
    await world.time.passes(async () => (await world.ops.deliveries.accounts()).every(({ failed }) => failed > 0))
    expect([...bare.senders, ...unknown.senders]).toStrictEqual([])
    const [first, second] = await world.ops.deliveries.accounts()
    expect(first?.error).toContain("STARTTLS")
    expect(second?.error).toContain("self-signed certificate")
    expect([first?.failures, second?.failures].every((failures) => (failures ?? 0) > 0)).toBe(true)
  })

  it("is not connected to by its name alone where that stands for a private network", async () => {
    const server = await mailServer()
    const given = {
      kind: "email",
      host: "mail.lan",
      port: server.port,
      security: "none",
      from: "fleet@example.org",
      to,
    }
    const resolves = async () => ["127.0.0.1"]
    const world = await delivering([given, { ...given, allowPrivate: true }], { resolve: resolves })
    await raise(world.ledger, "web-1")
    await world.time.passes(async () =>
      (await world.ops.deliveries.accounts()).every(({ taken, failed }) => taken + failed > 0),
    )
    expect(server.senders).toHaveLength(1)
    const [refused] = await world.ops.deliveries.accounts()
    expect(refused?.error).toMatch(/^mail\.lan: mail\.lan is not connected to: 127\.0\.0\.1 is a loopback address/)
  })
})
