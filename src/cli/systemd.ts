/**
 * Telling systemd how this process stands, where a unit of `Type=notify` started it: sd_notify(3), by `systemd-notify`, as Node has no sockets for
 * datagrams of this machine. Where nobody asked to be told, nothing happens.
 */
import { spawn } from "node:child_process"

export interface Supervised {
  /** It serves from now on; and as long as its event loop turns, the watchdog hears of it. */
  ready(): void
  /** It ends, and may take a while. */
  stopping(): void
}

/** @param failed told when `systemd-notify` could not be run, once */
export function supervisedBySystemd(env: NodeJS.ProcessEnv, failed: (error: Error) => void): Supervised {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched } = env
  if (socket === undefined) return { ready: () => undefined, stopping: () => undefined }
  let timer: NodeJS.Timeout | undefined
  const tell = (...variables: readonly string[]) =>
    spawn("systemd-notify", variables, { env: { PATH: env["PATH"], NOTIFY_SOCKET: socket }, stdio: "ignore" })
      .once("error", (error) => {
        clearInterval(timer)
        failed(error)
      })
      .unref()
  return {
    ready() {
      tell("READY=1")
      if (microseconds === undefined || (watched !== undefined && Number(watched) !== process.pid)) return
      // Half of the time it is given, as systemd recommends.
      timer = setInterval(() => tell("WATCHDOG=1"), Number(microseconds) / 2_000).unref()
    },
    stopping() {
      clearInterval(timer)
      tell("STOPPING=1")
    },
  }
}
