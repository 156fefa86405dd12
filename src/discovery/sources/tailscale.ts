/**
 * A tailnet, as the node that this runs on knows it: itself and the peers that it may see. The program is asked first, as it finds its daemon wherever
 * that is; where there is no program (in a container), the daemon's socket.
 */
import { execFile } from "node:child_process"
import * as http from "node:http"
import { type Clock, systemClock } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import { foreignText } from "../facts/foreign.js"
import type { Look, Source } from "../observation.js"
import { ask } from "./http.js"
import { tailnetLook } from "./tailscale/status.js"

export interface TailscaleOptions {
  /** The program, `tailscale` on the path unless given. */
  readonly command?: string | undefined
  /** The daemon's socket, for where there is no program. */
  readonly socket?: string | undefined
}

export interface TailscaleDeps {
  readonly clock?: Clock
}

const patienceMs = 15_000
const largest = 64 * 2 ** 20

/** @param name the name of the configured source; its look throws `SourceUnavailable` unless Tailscale runs and is logged in */
export function tailscaleSource(
  name: string,
  { command = "tailscale", socket = "/var/run/tailscale/tailscaled.sock" }: TailscaleOptions = {},
  { clock = systemClock }: TailscaleDeps = {},
): Source {
  return {
    name,
    kind: "tailscale",
    async look(signal: AbortSignal): Promise<Look> {
      signal.throwIfAborted()
      const observedAt = clock.now()
      const status = (await printed(command, signal)) ?? (await answered(socket, command, signal))
      return { observedAt, ...tailnetLook(status) }
    },
  }
}

/** Undefined when there is no such program. */
function printed(command: string, signal: AbortSignal): Promise<string | undefined> {
  const options = { encoding: "utf8", maxBuffer: largest, signal, timeout: patienceMs, killSignal: "SIGKILL" } as const
  return new Promise((resolve, reject) => {
    execFile(command, ["status", "--json"], options, (error, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason)
      else if (error === null) resolve(stdout)
      else if (error.code === "ENOENT") resolve(undefined)
      else {
        const why = error.killed === true ? "no answer" : stderr.trim().split("\n")[0] || error.message
        reject(new FleetError("SourceUnavailable", foreignText(`${command} status: ${why}`), { cause: error }))
      }
    })
  })
}

async function answered(socketPath: string, command: string, signal: AbortSignal): Promise<string> {
  const where = `there is no program "${command}", and the socket ${socketPath}`
  // The daemon answers nobody who calls it otherwise: a page in a browser would.
  const headers = { Host: "local-tailscaled.sock" }
  const options = { socketPath, path: "/localapi/v0/status", headers, agent: false } as const
  const { status, text } = await ask(() => http.request(options), where, signal)
  if (status === 200) return text
  throw new FleetError("SourceUnavailable", `${where}: HTTP ${status}`)
}
