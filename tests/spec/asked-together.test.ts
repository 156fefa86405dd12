/** What the page asks in one go goes in one request, and each question has its own answer, refusal and end. */
import { afterEach, beforeEach, expect, it, vi } from "vitest"

type Ask = (operation: object, input: object, signal?: AbortSignal) => Promise<unknown>

/** They are of the page, whose types are not those of Node. */
const page: string = "../../src/web/ask.js"
const { ask, asks } = (await import(page)) as { readonly ask: Ask; readonly asks: (...of: string[]) => object }

const [targets, services] = [asks("targets", "/api/v1/targets"), asks("services", "/api/v1/services")]

interface Request {
  readonly path: string
  readonly body: unknown
  readonly signal: AbortSignal | undefined
  /** A line of the answer, or a part of one. */
  readonly say: (text: string) => void
  readonly end: () => void
  readonly breakOff: () => void
}

/** What was sent; what has a body is answered line by line. */
const requests: Request[] = []

beforeEach(() => {
  vi.useFakeTimers()
  requests.length = 0
  vi.stubGlobal("fetch", async (path: string, { body, signal }: { body?: string; signal?: AbortSignal }) => {
    if (body === undefined) {
      requests.push({ path, body, signal } as Request)
      return new Response(JSON.stringify({ alone: path }))
    }
    return new Response(
      new ReadableStream<Uint8Array>({
        start(stream) {
          signal?.addEventListener("abort", () => stream.error(signal.reason))
          requests.push({
            path,
            body: JSON.parse(body),
            signal,
            say: (text) => stream.enqueue(new TextEncoder().encode(text)),
            end: () => stream.close(),
            breakOff: () => stream.error(new TypeError("network error")),
          })
        },
      }),
    )
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const line = (question: number, status: number, body: object) => `${JSON.stringify({ question, status, body })}\n`

/** Both, asked at once, with how each ended. */
async function asked(signals: readonly AbortSignal[] = []) {
  const ended: unknown[] = [undefined, undefined]
  for (const [index, operation] of [targets, services].entries())
    void ask(operation, { at: "-1h" }, signals[index]).then(
      (answer) => (ended[index] = answer),
      (error: unknown) => (ended[index] = error),
    )
  await passed(0)
  return { ended, request: requests[0] as Request }
}

const passed = (ms: number) => vi.advanceTimersByTimeAsync(ms)

it("one question goes to its own address", async () => {
  expect(await ask(targets, { at: "-1h", q: "" })).toEqual({ alone: "/api/v1/targets?at=-1h" })
})

it("several are one request, and each gets what answers it, whatever came first", async () => {
  const { ended, request } = await asked()
  expect(requests.map(({ path }) => path)).toEqual(["/api/v1/batch"])
  expect(request.body).toEqual({
    questions: [
      { operation: "targets", input: { at: "-1h" } },
      { operation: "services", input: { at: "-1h" } },
    ],
  })
  const [first, second] = [line(1, 200, { of: "services" }), line(0, 200, { of: "targets" })]
  request.say(first + second.slice(0, 10))
  request.say(second.slice(10))
  request.end()
  await passed(0)
  expect(ended).toEqual([{ of: "targets" }, { of: "services" }])
})

it("more than are taken at once are several", async () => {
  void Promise.allSettled(Array.from({ length: 45 }, () => ask(targets, {})))
  await passed(0)
  expect(requests.map(({ body }) => (body as { questions: unknown[] }).questions.length)).toEqual([20, 20, 5])
})

it("what is refused is refused alone", async () => {
  const { ended, request } = await asked()
  request.say(line(0, 404, { code: "NotFound", detail: "there is none" }) + line(1, 200, {}))
  request.end()
  await passed(0)
  expect(ended).toEqual([expect.objectContaining({ status: 404, code: "NotFound", message: "there is none" }), {}])
})

it("what is known is handed out together, but does not wait long for the rest", async () => {
  const { ended, request } = await asked()
  request.say(line(0, 200, {}))
  await passed(40)
  expect(ended).toEqual([undefined, undefined])
  await passed(20)
  expect(ended).toEqual([{}, undefined])
  request.say(line(1, 200, {}))
  request.end()
  await passed(0)
  expect(ended).toEqual([{}, {}])
})

it.each(["breakOff", "end"] as const)(
  "what was answered before the end stands, and the rest is as if nobody could be reached: %s",
  async (end) => {
    const { ended, request } = await asked()
    request.say(line(0, 200, {}))
    await passed(0)
    request[end]()
    await passed(0)
    expect(ended).toEqual([{}, expect.any(TypeError)])
  },
)

it("a request is given up once nobody waits for any of it", async () => {
  const [one, other] = [new AbortController(), new AbortController()]
  const { ended, request } = await asked([one.signal, other.signal])
  one.abort()
  expect(request.signal?.aborted).toBe(false)
  other.abort()
  expect(request.signal?.aborted).toBe(true)
  await passed(0)
  expect(ended).toEqual([0, 1].map(() => expect.objectContaining({ name: "AbortError" })))
})
