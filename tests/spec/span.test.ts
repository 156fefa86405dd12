/** What takes its time is a span, for whoever listens. */
import { context, trace } from "@opentelemetry/api"
import { describe, expect, it, onTestFinished } from "vitest"
import { inSpan } from "#kernel/span.js"

interface Seen {
  readonly name: string
  readonly attributes: unknown
  failed: boolean
  ended: boolean
}

/** The smallest part of an SDK that hears of spans. */
function listening(): Seen[] {
  const seen: Seen[] = []
  const span = (name: string, attributes: unknown) => {
    const one: Seen = { name, attributes, failed: false, ended: false }
    seen.push(one)
    return { recordException: () => {}, setStatus: () => (one.failed = true), end: () => (one.ended = true) }
  }
  const startActiveSpan = (name: string, options: { attributes: unknown }, work: (of: object) => unknown) =>
    work(span(name, options.attributes))
  trace.setGlobalTracerProvider({ getTracer: () => ({ startActiveSpan }) } as never)
  onTestFinished(() => {
    trace.disable()
    context.disable()
  })
  return seen
}

describe("a span", () => {
  it("ends with the work, however that ends, and says whether it failed", async () => {
    const seen = listening()
    expect(await inSpan("look", { source: "here" }, async () => 7)).toBe(7)
    await expect(inSpan("targets", {}, () => Promise.reject(new Error("no")))).rejects.toThrow("no")
    expect(seen).toEqual([
      { name: "look", attributes: { source: "here" }, failed: false, ended: true },
      { name: "targets", attributes: {}, failed: true, ended: true },
    ])
  })

  it("costs nothing where nobody listens", async () => {
    expect(await inSpan("look", {}, async () => "done")).toBe("done")
  })
})
