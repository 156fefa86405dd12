/**
 * The ledger's contract on a real EventStoreDB in a container, where a Docker engine has its image or can get it. Where there is none it is skipped, also
 * where all other real parts must be there: no registry can be counted on. FLEET_LEDGER_EVENTSTORE_IMAGE names another image.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { openEventStoreLedger } from "#ledger/eventstoredb/ledger.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import type { StartedTestContainer } from "testcontainers"
import { afterAll, beforeAll, describe } from "vitest"
import { ledgerContract } from "./ledger.js"

const image = process.env["FLEET_LEDGER_EVENTSTORE_IMAGE"] ?? "eventstore/eventstore:24.10"
const port = 2113

/** Where an engine may listen; looked at first, as loading what talks to it takes seconds. */
const sockets = [
  "/var/run/docker.sock",
  path.join(process.env["XDG_RUNTIME_DIR"] ?? "/run", "docker.sock"),
  path.join(os.homedir(), ".docker/run/docker.sock"),
]

async function isThere(): Promise<boolean> {
  try {
    const mayBe = process.env["DOCKER_HOST"] !== undefined || sockets.some((socket) => fs.existsSync(socket))
    if (!mayBe) throw new Error("no engine")
    const { ImageName, getContainerRuntimeClient } = await import("testcontainers")
    const { image: images } = await getContainerRuntimeClient()
    const name = ImageName.fromString(image)
    if (!(await images.exists(name))) await images.pull(name)
    return true
  } catch {
    process.stderr.write(
      `skipped: the contract on a real EventStoreDB, as no Docker engine here has the image ${image}\n`,
    )
    return false
  }
}

describe.runIf(await isThere())("a real EventStoreDB", () => {
  let container: StartedTestContainer
  let opened = 0

  beforeAll(async () => {
    const { GenericContainer, Wait } = await import("testcontainers")
    container = await new GenericContainer(image)
      .withEnvironment({
        EVENTSTORE_INSECURE: "true",
        EVENTSTORE_MEM_DB: "true",
        EVENTSTORE_MAX_APPEND_SIZE: String(8 * 1024 * 1024),
      })
      .withExposedPorts(port)
      .withWaitStrategy(Wait.forHttp("/health/live", port).forStatusCodeMatching((status) => status < 300))
      .start()
  })
  afterAll(() => container.stop())

  ledgerContract("a real EventStoreDB", async (clock) => {
    const options = {
      address: `esdb://${container.getHost()}:${container.getMappedPort(port)}?tls=false`,
      file: path.join(await tempFolder(), "copy.db"),
      prefix: `ledger_${opened++}.`,
      maxAppendBytes: 7 * 1024 * 1024,
    }
    let ledger = await openEventStoreLedger(options, clock)
    return {
      ledger,
      async reopen() {
        await ledger.close()
        return (ledger = await openEventStoreLedger(options, clock))
      },
      dispose: () => ledger.close(),
    }
  })
})
