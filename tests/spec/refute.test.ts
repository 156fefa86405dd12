/** Evidence that a service is gone although the look could not see everything: its ports, all of them, and nobody else's. */
import type { ServiceDocument } from "#events/facets/service.js"
import type { Observation } from "#discovery/observation.js"
import { refutes } from "#discovery/refute.js"
import type { JsonObject } from "#kernel/json.js"
import { describe, expect, it } from "vitest"

const machine = (sockets?: JsonObject): Observation => ({
  kind: "target",
  nativeKey: "this-machine",
  facets: sockets === undefined ? { os: {} } : { sockets },
})

function listener(ports: readonly string[] | null, identity: ServiceDocument["identity"] = {}): ServiceDocument {
  return {
    lifecycle: "observed",
    identity: { name: "nginx", runtime: "process", ...identity },
    config: { ports: ports === null ? null : Object.fromEntries(ports.map((port) => [port, {}])) },
  }
}

const nginx = { port: 80, address: "*", process: "nginx" }

describe("a service that listens", () => {
  it("is refuted by sockets among which none of its ports is", () => {
    expect(refutes(machine({}), listener(["tcp:80"]))).toBe(true)
    expect(refutes(machine({ "tcp:22": { process: "sshd" } }), listener(["tcp:80", "tcp:443"]))).toBe(true)
  })

  it("is refuted by another process on its port", () => {
    expect(refutes(machine({ "tcp:80": { ...nginx, process: "caddy" } }), listener(["tcp:80"]))).toBe(true)
  })

  it("is not refuted as long as it holds one of its ports", () => {
    expect(refutes(machine({ "tcp:80": nginx }), listener(["tcp:80"]))).toBe(false)
    expect(refutes(machine({ "tcp:80": nginx }), listener(["tcp:80", "tcp:443"]))).toBe(false)
    expect(
      refutes(machine({ "tcp:80": nginx, "tcp:443": { process: "caddy" } }), listener(["tcp:80", "tcp:443"])),
    ).toBe(false)
  })

  it("is not refuted by a socket whose process could not be seen or is unknown: it may be its own", () => {
    expect(refutes(machine({ "tcp:80": { port: 80 } }), listener(["tcp:80"]))).toBe(false)
    expect(refutes(machine({ "tcp:80": { port: 80, process: null } }), listener(["tcp:80"]))).toBe(false)
  })
})

describe("nothing is refuted", () => {
  it("by a look that did not see its machine, or not its sockets", () => {
    expect(refutes(undefined, listener(["tcp:80"]))).toBe(false)
    expect(refutes(machine(), listener(["tcp:80"]))).toBe(false)
  })

  it("of which no port is known", () => {
    expect(refutes(machine({}), listener([]))).toBe(false)
    expect(refutes(machine({}), listener(null))).toBe(false)
    expect(refutes(machine({}), { lifecycle: "observed", identity: { name: "nginx", runtime: "process" } })).toBe(false)
  })

  it("that systemd keeps, or that nobody knows to be a process: it may run without listening", () => {
    expect(refutes(machine({}), listener(["tcp:80"], { runtime: "systemd" }))).toBe(false)
    expect(refutes(machine({}), listener(["tcp:80"], { runtime: null }))).toBe(false)
    expect(refutes(machine({}), { lifecycle: "observed", config: { ports: { "tcp:80": {} } } })).toBe(false)
  })
})
