/** Following an engine's events: of all that happens there, what a look would see. */
import type { Json } from "#kernel/json.js"
import { sleep } from "#kernel/sleep.js"
import type { Engine } from "./engine.js"
import { textAt } from "./json.js"

/** What runs in a container (exec_…, top), and health checks that conclude what was known, are none of these. */
const lifecycle =
  "create start restart die oom pause unpause rename update destroy connect disconnect remove health_status"
const filters = { type: ["container", "network", "volume"], event: lifecycle.split(" ") }

/** What belongs together comes within this time: one look for all. */
const quietMs = 300
/** An event is a few hundred characters. */
const longestEvent = 2 ** 20
const shortestWaitMs = 250
const longestWaitMs = 30_000

/**
 * Yields when it begins to hear, since it heard nothing before, and whenever something has happened; for as long as the signal lets it.
 * @param changed is told which container an event is about
 */
export async function* changesAt(
  connect: () => Promise<Engine>,
  signal: AbortSignal,
  changed: (id: string) => void,
): AsyncGenerator<void> {
  let wait = shortestWaitMs
  while (!signal.aborted) {
    try {
      const engine = await connect()
      try {
        const heard = heardFrom(await engine.events(filters), signal)
        yield
        for await (const ids of heard) {
          ids.forEach(changed)
          wait = shortestWaitMs
          yield
        }
      } finally {
        engine.close()
      }
    } catch {
      // Why it cannot be heard is what a look will say.
    }
    await sleep(wait, signal)
    wait = Math.min(wait * 2, longestWaitMs)
  }
}

/** The ids that events are about, those of a short while together. Heard from now on, whenever they are taken. */
function heardFrom(stream: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const heard = { ids: [] as string[], rest: "", ended: false, wake: () => {} }
  stream.setEncoding("utf8")
  stream.on("data", (text: string) => {
    const lines = (heard.rest + text).split("\n")
    heard.rest = lines.pop() ?? ""
    heard.ids.push(...lines.filter((line) => line !== "").map(idIn))
    if (heard.rest.length > longestEvent) heard.ended = true
    heard.wake()
  })
  for (const end of ["end", "close", "error"]) {
    stream.on(end, () => {
      heard.ended = true
      heard.wake()
    })
  }
  return (async function* () {
    while (!heard.ended) {
      if (heard.ids.length === 0) await new Promise<void>((resolve) => (heard.wake = resolve))
      if (heard.ids.length === 0) continue
      await sleep(quietMs, signal)
      yield heard.ids.splice(0)
    }
  })()
}

function idIn(line: string): string {
  try {
    return textAt(JSON.parse(line) as Json, "Actor", "ID") ?? ""
  } catch {
    return ""
  }
}
