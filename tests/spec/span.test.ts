/** What takes its time is a span, for whoever listens. */
import { SpanStatusCode, context, trace } from "@opentelemetry/api"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { type SpanEnded, inSpan, onSpanEnded } from "#kernel/span.js"

interface Seen {
  readonly name: string
  readonly attributes: unknown
  readonly errors: unknown[]
  failed: boolean
  ended: boolean
}

/** The smallest part of an SDK that hears of spans. */
function listening(): Seen[] {
  const seen: Seen[] = []
  const span = (name: string, attributes: unknown) => {
    const one: Seen = { name, attributes, errors: [], failed: false, ended: false }
    seen.push(one)
    return {
      recordException: (error: unknown) => one.errors.push(error),
      setStatus: ({ code }: { readonly code?: SpanStatusCode }) => (one.failed = code === SpanStatusCode.ERROR),
      end: () => (one.ended = true),
    }
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
    const no = new Error("no")
    await expect(inSpan("targets", {}, () => Promise.reject(no))).rejects.toBe(no)
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors
    await expect(inSpan("services", {}, () => Promise.reject("not even an error"))).rejects.toBe("not even an error")
    expect(seen).toEqual([
      { name: "look", attributes: { source: "here" }, errors: [], failed: false, ended: true },
      { name: "targets", attributes: {}, errors: [no], failed: true, ended: true },
      { name: "services", attributes: {}, errors: [], failed: true, ended: true },
    ])
  })

  it("is told of in the process when it has ended, with how long it took, to whoever still listens", async () => {
    const heard: SpanEnded[] = []
    const stop = onSpanEnded((span) => heard.push(span))
    onTestFinished(stop)
    const now = vi.spyOn(performance, "now").mockReturnValueOnce(1_000).mockReturnValueOnce(3_500)
    await inSpan("look", {}, async () => {})
    now.mockRestore()
    await expect(inSpan("fails", {}, () => Promise.reject(new Error("no")))).rejects.toThrow("no")
    stop()
    await inSpan("unheard", {}, async () => {})
    expect(heard.map(({ name }) => name)).toStrictEqual(["look", "fails"])
    expect(heard[0]?.seconds).toBe(2.5)
  })

  it("costs nothing where nobody listens", async () => {
    expect(await inSpan("look", {}, async () => "done")).toBe("done")
  })
})
