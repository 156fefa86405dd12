/** Who uses the API meanwhile: one who follows all changes and is cut off now and then, and one who looks at the fleet, now and as it was. */
import * as http from "node:http"

/** A follower hangs up after so many changes, and comes again. */
const cutAfter = 500

export interface SoakDoor {
  /** Asks for what a dashboard shows, some of it of a position. @throws Error for what is not answered with 200 */
  ask(past: number): Promise<void>
  follow(): { readonly seen: () => readonly number[]; readonly stop: () => void }
}

export function doorAt(port: number, secret: string): SoakDoor {
  const agent = new http.Agent({ keepAlive: true })
  const get = (path: string, headers: http.OutgoingHttpHeaders = {}) =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      http
        .get(
          { agent, host: "127.0.0.1", port, path, headers: { authorization: `Bearer ${secret}`, ...headers } },
          resolve,
        )
        .once("error", reject)
    })
  return {
    async ask(past) {
      for (const path of [
        "targets?limit=50",
        `targets?limit=50&q=status:critical&at=position:${past}`,
        "history?limit=50",
        "alerts?limit=50",
        "count?by=status",
      ]) {
        const response = await get(`/api/v1/${path}`)
        const text = await textOf(response)
        if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text.slice(0, 200)}`)
      }
    },
    follow() {
      const seen: number[] = []
      const left = new AbortController()
      let current: http.IncomingMessage | undefined
      const run = async () => {
        while (!left.signal.aborted) {
          const last = seen.at(-1)
          current = await get(
            "/api/v1/changes/stream?after=-1",
            last === undefined ? {} : { "last-event-id": String(last) },
          )
          let [text, came] = ["", 0]
          try {
            for await (const piece of current) {
              text += String(piece)
              const end = text.lastIndexOf("\n\n") + 1
              const ids = [...text.slice(0, end).matchAll(/^id: (\d+)\n/gm)].map(([, id]) => Number(id))
              text = text.slice(end)
              seen.push(...ids)
              came += ids.length
              if (came > cutAfter) break
            }
          } catch {
            // Hung up by us, in the midst of something.
          }
          current.destroy()
        }
      }
      void run()
      return {
        seen: () => seen,
        stop() {
          left.abort()
          current?.destroy()
          agent.destroy()
        },
      }
    },
  }
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  let text = ""
  for await (const piece of response) text += String(piece)
  return text
}
