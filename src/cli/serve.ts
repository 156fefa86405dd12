/** `fleet-ledger serve`: starts, says where to look, and ends when told to. */
import { loadConfig } from "#config/load.js"
import { keepHeapSmall } from "#kernel/small-heap.js"
import { startServer } from "../server.js"
import { processLog } from "./log.js"
import type { GlobalFlags } from "./program.js"
import { supervisedBySystemd } from "./systemd.js"
import { untilToldToStop } from "./told-to-stop.js"

export async function serve(flags: GlobalFlags & { readonly listen?: string }): Promise<void> {
  keepHeapSmall()
  const config = loadConfig(flags, process.env)
  const log = processLog()
  // What this machine's inventory, and `ps`, call it.
  process.title = "fleet-ledger"
  // From the start on, so that whoever asks early is heard too.
  const asked = new AbortController()
  const told = untilToldToStop().then(() => asked.abort())
  const started = performance.now()
  const server = await startServer(config, log, asked.signal)
  const supervised = supervisedBySystemd(process.env, (error) => log.warn({ err: error }, "systemd cannot be told"))
  supervised.ready()
  const names = config.sources.map(({ name, kind }) => `${name} (${kind})`).join(", ")
  process.stdout.write(
    [
      `fleet-ledger is up after ${Math.round(performance.now() - started)} ms.`,
      "",
      `  Open     ${server.loginUrl}`,
      `           (good once, for 15 minutes; "fleet-ledger login" makes another)`,
      `  API      ${server.url}/api/v1/targets`,
      `           curl --unix-socket ${server.socket} http://localhost/api/v1/targets`,
      `  Data     ${server.data}`,
      `  Sources  ${names}`,
      "",
      "Press ctrl-c to stop.",
      "",
    ].join("\n"),
  )
  await told
  supervised.stopping()
  await server.close()
  process.stdout.write("Stopped.\n")
}
