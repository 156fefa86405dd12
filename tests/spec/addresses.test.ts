/** Where messages may be sent: no name's owner, no redirection and no way of writing an address leads them to where credentials are kept. */
import { whyForbidden } from "#delivery/addresses.js"
import { type Resolve, pin } from "#delivery/resolve.js"
import { send } from "#delivery/http.js"
import { systemClock } from "#kernel/clock.js"
import { Receiver } from "#tests/support/receiver.js"
import { describe, expect, it } from "vitest"

const nowhere: Resolve = () => Promise.reject(new Error("nobody is asked"))
const forever = new AbortController().signal

describe("an address", () => {
  it.each([
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd00:0ec2:0:0::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "192.0.0.192",
    "240.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::ffff:0:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "2001:0:1234::1",
    "web-1",
    "",
    "127.0.0.1.",
  ])("like %s is never connected to", (address) => {
    expect(whyForbidden(address, true)).not.toBeUndefined()
    expect(whyForbidden(address, ["0.0.0.0/0", "::/0"])).not.toBeUndefined()
  })

  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.2",
    "::1",
    "fd12::1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
  ])("like %s is, where private networks are allowed", (address) => {
    expect(whyForbidden(address, true)).toBeUndefined()
    expect(whyForbidden(address, false)).toContain('"allowPrivate" of the channel allows it')
  })

  it.each(["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])("like %s always is", (address) => {
    expect(whyForbidden(address, false)).toBeUndefined()
  })

  it("is allowed by its network alone, where networks are named", () => {
    const allowed = (address: string) => whyForbidden(address, ["10.1.0.0/16", "fd12::/16"]) === undefined
    expect(["10.1.2.3", "10.2.2.3", "::ffff:10.1.2.3", "fd12::1", "fd13::1", "127.0.0.1"].map(allowed)).toStrictEqual([
      true,
      false,
      true,
      true,
      false,
      false,
    ])
  })
})

describe("a receiver's name", () => {
  it("is refused if any of its addresses is", async () => {
    await expect(pin("hook.example", false, async () => ["8.8.8.8", "10.0.0.1"])).rejects.toThrow(
      'hook.example is not connected to: 10.0.0.1 is a private address; "allowPrivate" of the channel allows it',
    )
    await expect(pin("hook.example", true, async () => ["8.8.8.8", "169.254.169.254"])).rejects.toThrow("linkLocal")
    await expect(pin("hook.example", true, async () => [])).rejects.toThrow("hook.example has no address")
  })

  it("that is an address is that one, however it is written", async () => {
    const hostOf = (url: string) => new URL(url).hostname
    for (const url of [
      "http://127.0.0.1",
      "http://127.1",
      "http://0x7f000001",
      "http://2130706433",
      "http://0177.0.0.1",
    ])
      expect(await pin(hostOf(url), false, nowhere)).toStrictEqual([{ address: "127.0.0.1", family: 4 }])
    expect(await pin(hostOf("http://[::1]"), false, nowhere)).toStrictEqual([{ address: "::1", family: 6 }])
    for (const url of ["http://0xa9fea9fe", "http://[::ffff:169.254.169.254]", "http://0"])
      await expect(pin(hostOf(url), true, nowhere)).rejects.toThrow(/address/)
  })
})

describe("a request", () => {
  const ports = (resolve: Resolve) => ({ resolve, clock: systemClock, patienceMs: 500 })
  const to = (url: string) => ({ url: new URL(url), method: "POST" as const, headers: {}, body: "{}" })

  it("goes to the address that was checked, though the name stands for another by then", async () => {
    const receiver = await Receiver.start()
    let asked = 0
    const rebinding: Resolve = async () => (asked++ === 0 ? ["127.0.0.1"] : ["169.254.169.254"])
    const url = receiver.url.replace("127.0.0.1", "rebinding.example")
    expect(await send(to(url), true, ports(rebinding), forever)).toStrictEqual({ is: "taken" })
    expect(asked).toBe(1)
    expect(receiver.requests[0]?.headers.host).toBe(new URL(url).host)
    expect(await send(to(url), true, ports(rebinding), forever)).toMatchObject({ is: "failed", ofChannel: true })
    expect(receiver.connections).toBe(1)
  })

  it("is not sent on to where it is led", async () => {
    const [receiver, other] = [await Receiver.start(), await Receiver.start()]
    receiver.manner = () => ({ status: 308, headers: { location: other.url } })
    expect(await send(to(receiver.url), true, ports(nowhere), forever)).toMatchObject({
      is: "failed",
      why: `${new URL(receiver.url).host} answered 308, which leads elsewhere and is not followed`,
    })
    expect(other.connections).toBe(0)
  })

  it("does not wait for a name that is not found, and says no more of a URL than its host", async () => {
    const outcome = await send(
      to("http://hook.example/secret"),
      true,
      ports(() => new Promise(() => {})),
      forever,
    )
    expect(outcome).toStrictEqual({ is: "failed", why: "hook.example was not found in time", ofChannel: true })
  })
})
