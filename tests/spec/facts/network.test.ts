import { describe, expect, it } from "vitest"
import { networkFacts } from "#discovery/facts/network.js"
import { absent, at, denied, keys, machine, recorded } from "./materials.js"

describe("the network of a machine", () => {
  it("is its interfaces, its ways out and its name servers", () => {
    expect(networkFacts(recorded)).toEqual({
      fields: {
        interfaces: {
          "if:eth0": {
            mac: "02:fc:00:00:00:01",
            mtu: 1_400,
            link: "up",
            rxBytes: expect.any(Number),
            txBytes: expect.any(Number),
            addresses: { "ip:192.0.2.2/24": {}, "ip:fd00::2/64": {}, "ip:fe80::fc:ff:fe00:1/64": {} },
          },
          "if:lo": {
            mac: null,
            mtu: 65_536,
            link: "unknown",
            rxBytes: expect.any(Number),
            txBytes: expect.any(Number),
            addresses: { "ip:127.0.0.1/8": {}, "ip:::1/128": {} },
          },
        },
        routes: {
          "route:default": { gateway: "192.0.2.1", interface: "eth0" },
          "route:default6": { gateway: "fd00::1", interface: "eth0" },
        },
        dns: { "dns:10.255.255.53": { order: 1 } },
      },
      notLooked: {},
    })
  })
})

describe("interfaces", () => {
  it("of guests come and go with them and are left out; bridges stay", () => {
    // Constructed, after a Proxmox host with Docker.
    const names = [
      "lo",
      "eno1",
      "vmbr0",
      "docker0",
      "br-1a2b3c",
      "br-0123456789ab",
      "veth1a2b",
      "tap100i0",
      "fwbr100i0",
      "fwpr100p0",
      "fwln100i0",
      "ifb0",
    ]
    const interfaces = names.map((name) => `${name} 02:00:00:00:00:01 1500 up 1 2`).join("\n")
    expect(keys(at(networkFacts(machine({ interfaces })), "interfaces"))).toEqual([
      "if:br-1a2b3c",
      "if:docker0",
      "if:eno1",
      "if:lo",
      "if:vmbr0",
    ])
  })

  it("that are bridges for guests have a link while one is on them, and an address made up at each boot: neither is told", () => {
    const interfaces = ["docker0 02:42:5e:00:00:01 1500 up 1 2", "vmbr0 d8:cb:8a:00:00:01 1500 up 1 2"].join("\n")
    const facts = networkFacts(machine({ interfaces }))
    expect(at(facts, "interfaces", "if:docker0")).toMatchObject({ mac: null, link: null, mtu: 1_500 })
    expect(at(facts, "interfaces", "if:vmbr0")).toMatchObject({ mac: "d8:cb:8a:00:00:01", link: "up" })
  })

  it.each([
    ["up", "up"],
    ["down", "down"],
    ["lowerlayerdown", "down"],
    ["dormant", "down"],
    ["unknown", "unknown"],
    ["testing", "unknown"],
  ])("that are %s have a link that is %s", (operstate, link) => {
    const facts = networkFacts(machine({ interfaces: `eth0 02:00:00:00:00:01 1500 ${operstate} 1 2` }))
    expect(at(facts, "interfaces", "if:eth0", "link")).toBe(link)
  })

  it("without hardware have no address of it", () => {
    const facts = networkFacts(
      machine({ interfaces: "tun0 - 1500 unknown 1 2\nlo 00:00:00:00:00:00 65536 unknown 1 2" }),
    )
    expect(at(facts, "interfaces", "if:tun0", "mac")).toBeNull()
    expect(at(facts, "interfaces", "if:lo", "mac")).toBeNull()
  })

  it("keep the addresses that are known of them while their link is down, if those are not listed then", () => {
    const interfaces = "eth0 02:00:00:00:00:01 1500 down 1 2\nlo 00:00:00:00:00:00 65536 unknown 1 2"
    const facts = networkFacts(machine({ interfaces }))
    expect(at(facts, "interfaces", "if:eth0")).not.toHaveProperty("addresses")
    expect(at(facts, "interfaces", "if:lo", "addresses")).toEqual({ "ip:127.0.0.1/8": {}, "ip:::1/128": {} })
    expect(facts.notLooked).toEqual({
      "/network/interfaces/*/addresses": "addresses of an interface without link are not listed",
    })
  })

  it("without a link have the addresses that a complete list gives them", () => {
    const facts = networkFacts(
      machine({
        interfaces: "eth0 02:00:00:00:00:01 1500 down 1 2",
        addresses: "eth0 10.0.0.5/24",
        addresses6: absent,
      }),
    )
    expect(at(facts, "interfaces", "if:eth0", "addresses")).toEqual({ "ip:10.0.0.5/24": {} })
  })

  it("have no temporary addresses of IPv6: those change every day by themselves", () => {
    // Constructed: 0x01 is IFA_F_TEMPORARY, 0x80 IFA_F_PERMANENT.
    const addresses6 = [
      "20010db8000000000000000000000005 02 40 00 80     eth0",
      "20010db80000000010c5f00dfeedbeef 02 40 00 01     eth0",
      "20010db80000000020c5f00dfeedbeef 02 40 00 21     eth0",
    ].join("\n")
    const facts = networkFacts(machine({ interfaces: "eth0 02:00:00:00:00:01 1500 up 1 2", addresses: "", addresses6 }))
    expect(at(facts, "interfaces", "if:eth0", "addresses")).toEqual({ "ip:2001:db8::5/64": {} })
  })

  it("say which of their values could not be read", () => {
    const facts = networkFacts(
      machine({ interfaces: "eth0 ? ? ? 1 2", addresses: "eth0 10.0.0.5/24", addresses6: absent }),
    )
    expect(at(facts, "interfaces", "if:eth0")).toEqual({
      rxBytes: 1,
      txBytes: 2,
      addresses: { "ip:10.0.0.5/24": {} },
    })
    expect(facts.notLooked).toEqual({
      "/network/interfaces/*/mac": "could not be read",
      "/network/interfaces/*/mtu": "could not be read",
      "/network/interfaces/*/link": "could not be read",
    })
  })
})

describe("routes", () => {
  it("are those with a gateway", () => {
    // Constructed: a default route, one to 10.0.0.0/8 by 192.168.1.254, one on the link, one that is not up.
    const routes = [
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
      "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
      "eth0\t0000000A\tFE01A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0",
      "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
      "eth0\t0000010A\tFE01A8C0\t0002\t0\t0\t0\t0000FFFF\t0\t0\t0",
    ].join("\n")
    expect(at(networkFacts(machine({ routes, routes6: absent })), "routes")).toEqual({
      "route:default": { gateway: "192.168.1.1", interface: "eth0" },
      "route:10.0.0.0/8": { gateway: "192.168.1.254", interface: "eth0" },
    })
  })

  it("of one destination are the one with the lowest metric, in any order of the table", () => {
    const lines = [
      "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
      "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
    ]
    for (const routes of [lines.join("\n"), lines.toReversed().join("\n")])
      expect(at(networkFacts(machine({ routes })), "routes", "route:default")).toEqual({
        gateway: "192.168.1.1",
        interface: "eth0",
      })
  })

  it("are not known in part: what could not be seen could be any of them", () => {
    const { fields, notLooked } = networkFacts(machine({ routes6: denied }))
    expect(fields).not.toHaveProperty("routes")
    expect(notLooked).toEqual({ "/network/routes": "permission denied" })
  })
})

describe("name servers", () => {
  it("have the place at which they are asked", () => {
    const resolv =
      "# by hand\nsearch example.com\nnameserver 9.9.9.9\nnameserver\t2620:FE::FE\n nameserver 4.4.4.4\nnameserver 9.9.9.9\nnameserver 1.1.1.1 # last\n"
    expect(at(networkFacts(machine({ resolv })), "dns")).toEqual({
      "dns:9.9.9.9": { order: 1 },
      "dns:2620:fe::fe": { order: 2 },
      "dns:1.1.1.1": { order: 3 },
    })
  })

  it("are null where there is no resolv.conf", () => {
    expect(at(networkFacts(machine({ resolv: absent })), "dns")).toBeNull()
  })
})
