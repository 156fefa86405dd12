/** `fleet-ledger collect`: looks at what is configured here, and sends what it saw to a server. */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { collector } from "#collecting/collector.js"
import { loadConfig } from "#config/load.js"
import { schedule } from "#discovery/schedule.js"
import { systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { lockFolder } from "../folder.js"
import { sourceFor } from "../sources.js"
import { isConfidential } from "./confidential.js"
import { processLog } from "./log.js"
import type { GlobalFlags } from "./program.js"
import { untilToldToStop } from "./told-to-stop.js"

export async function collect(flags: GlobalFlags): Promise<void> {
  const config = loadConfig(flags, process.env)
  const { collect: told } = config
  if (told === undefined) {
    const message = `"collect" in the configuration says what this collector is called and where its server is`
    throw new FleetError("InvalidConfig", message)
  }
  if (!isConfidential(told.server)) {
    const message = `"collect.server" is ${told.server}; beyond loopback it has to be https`
    throw new FleetError("InvalidConfig", message)
  }
  const key = keyIn(config.keys)
  const publicKey = crypto.createPublicKey(key).export({ format: "der", type: "spki" }).toString("base64")
  const { folder, lock } = lockFolder(config.data)
  const log = processLog()
  const sources = await Promise.all(
    config.sources.map((source) => sourceFor(source, { clock: systemClock, trusted: async () => [] })),
  )
  const collecting = collector({
    name: told.name,
    sources,
    folder: folder.path,
    key,
    server: told.server.replace(/\/$/, ""),
    told: {
      sent: (sequence) => log.info({ sequence }, "the server took a look"),
      waiting: (message, count) => log.warn({ message, waiting: count }, "looks wait for the server"),
      refused: (sequence, message) =>
        log.error({ sequence, message }, "the server refused a look, which is kept aside"),
    },
  })
  process.stdout.write(
    [
      `Collecting as "${told.name}" for ${told.server}. Its server knows it by`,
      "",
      `  collectors: [ { name: ${told.name}, key: "${publicKey}" } ]`,
      "",
      `${collecting.count()} looks wait. Press ctrl-c to stop.`,
      "",
    ].join("\n"),
  )
  const stopped = new AbortController()
  const sending = collecting.send(stopped.signal)
  const every = new Map(config.sources.map((source) => [source.name, source.every ?? config.discovery.every]))
  const looking = schedule(
    collecting,
    { every: (source) => every.get(source) ?? config.discovery.every, isOurs: () => true },
    {
      finished: (report) => {
        if (report.outcome === "failed") log.warn(report, "a look failed")
      },
      broken: (source, message) => log.error({ source, message }, "a look could not be kept"),
    },
  )
  await untilToldToStop()
  await looking.stop()
  stopped.abort()
  await sending
  for (const source of sources) await source.close?.()
  lock.release()
  process.stdout.write("Stopped.\n")
}

/** Made at the first time, for this user alone. */
function keyIn(folder: string): crypto.KeyObject {
  const file = path.join(folder, "collector.pem")
  try {
    if (!fs.existsSync(file)) {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
      const { privateKey } = crypto.generateKeyPairSync("ed25519")
      fs.writeFileSync(file, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600, flag: "wx" })
    }
    return crypto.createPrivateKey(fs.readFileSync(file))
  } catch (cause) {
    throw new FleetError("InvalidConfig", `the collector's key ${file} cannot be used`, { cause })
  }
}
