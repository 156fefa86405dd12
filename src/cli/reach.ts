/** Where a command is answered: on a server that was named, by the one that owns the data folder, or by this process on the folder itself. */
import * as fs from "node:fs"
import { loadConfig } from "#config/load.js"
import { FleetError, messageOf } from "#kernel/errors.js"
import { folderAt } from "../folder.js"
import type { Caller } from "./caller.js"
import type { GlobalFlags } from "./program.js"
import { remoteCaller, socketCaller, somebodyAnswers } from "./remote.js"

/** Who is asked instead of whoever works on the folder here. */
export function serverOf(flags: GlobalFlags): string | undefined {
  return flags.server ?? (process.env["FLEET_LEDGER_SERVER"] || undefined)
}

/** @param endless whoever asks follows what comes, and so needs somebody who records it */
export async function reach(flags: GlobalFlags, signal: AbortSignal, endless = false): Promise<Caller> {
  const server = serverOf(flags)
  if (server !== undefined) return remoteCaller(server, process.env["FLEET_LEDGER_TOKEN"] ?? tokenInFile())
  const config = loadConfig(flags, process.env)
  const { socket } = folderAt(config.data)
  const patience = Date.now() + 30_000
  for (;;) {
    if (await somebodyAnswers(socket)) return socketCaller(socket)
    if (endless) {
      // Whoever works on the folder alone would be the only one to record anything, and does nothing but wait.
      throw new FleetError(
        "SourceUnavailable",
        `no server works on ${config.data}, so there is nothing to follow; "fleet-ledger serve" starts one, "fleet-ledger history" lists what there is`,
      )
    }
    try {
      const { localCaller } = await import("./local.js")
      return await localCaller(config)
    } catch (error) {
      // Another command is at work on the folder, or a server is just starting: it will not be long.
      const inUse = error instanceof FleetError && error.code === "FolderInUse"
      if (!inUse || signal.aborted || Date.now() > patience) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** @throws FleetError `InvalidInput` for a file that others may read, or that cannot be read */
function tokenInFile(): string | undefined {
  const file = process.env["FLEET_LEDGER_TOKEN_FILE"]
  if (file === undefined || file === "") return undefined
  try {
    if ((fs.statSync(file).mode & 0o077) === 0) return fs.readFileSync(file, "utf8").trim()
  } catch (cause) {
    throw new FleetError("InvalidInput", `FLEET_LEDGER_TOKEN_FILE cannot be read: ${messageOf(cause)}`, { cause })
  }
  throw new FleetError("InvalidInput", `others may read the token in ${file}; "chmod 600 ${file}" keeps it to yourself`)
}
