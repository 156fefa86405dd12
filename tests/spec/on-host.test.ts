import { onHost } from "#discovery/sources/ssh/on-host.js"
import { describe, expect, it } from "vitest"

const named = (nativeKey: string) => onHost("nas", { kind: "service", nativeKey, on: "engine-host", facets: {} })

describe("what runs on a host", () => {
  it("is called by the host's name too, and is on it", () => {
    expect(named("systemd:nginx.service")).toMatchObject({ nativeKey: "nas/systemd:nginx.service", on: "nas" })
  })

  it("has a key that fits, however long its name, and another one for another name", () => {
    const [one, other] = ["a", "b"].map((end) => named("x".repeat(2_000) + end).nativeKey)
    expect(one?.length).toBeLessThanOrEqual(1_024)
    expect(one).not.toBe(other)
  })
})
