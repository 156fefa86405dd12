/** One program on one connection: what it reads goes to its input, and its whole answer comes back, or none of it. */
import type { ClientChannel } from "ssh2"
import { messageOf } from "#kernel/errors.js"
import type { Connection } from "./connect.js"
import { seconds, unavailable } from "./sentences.js"
import { within } from "./within.js"

export interface Limits {
  readonly deadlineMs: number
  readonly stdoutBytes: number
  readonly stderrBytes: number
}

/** What runs on the host, and what it reads. */
export interface Program {
  readonly command: string
  readonly input: string
}

export interface Answer {
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** What the shell ended with, or the signal that ended it. */
  readonly exit: number | string
  /** Where it came from: `host`, or `host:port` unless the port is 22. */
  readonly address: string
  /** Fingerprint of the key that the host was recognised by. */
  readonly hostKey: string
}

/** The connection broke, and with it the command. */
export class ConnectionBroke extends Error {
  readonly bytes: number

  /** @param bytes how much of the answer had arrived */
  constructor(bytes: number, cause: unknown) {
    super(messageOf(cause), { cause })
    this.bytes = bytes
  }
}

/**
 * A command that is not wanted any more takes its connection with it, as what it has still to say would stand in the way of others. It ends on the host when it
 * writes again: what may be silent there for long needs a time limit in the script.
 * @throws FleetError `SourceUnavailable`
 * @throws ConnectionBroke
 */
export async function runProgram(
  connection: Connection,
  program: Program,
  limits: Limits,
  signal: AbortSignal,
): Promise<Answer> {
  const { alias } = connection.destination
  const late = () => unavailable({ alias }, `${alias} did not answer within ${seconds(limits.deadlineMs)}`)
  return within(limits.deadlineMs, signal, late, (over) => converse(connection, program, limits, over))
}

function converse(connection: Connection, program: Program, limits: Limits, over: AbortSignal): Promise<Answer> {
  const { client, gone, drop, destination, recognised } = connection
  const { alias, hostName, port } = destination
  const from = { address: port === 22 ? hostName : `${hostName}:${port}`, hostKey: recognised }
  return new Promise<Answer>((resolve, reject) => {
    const out = collector(limits.stdoutBytes, () => tooMuch(limits.stdoutBytes))
    const err = collector(limits.stderrBytes, () => tooMuch(limits.stderrBytes))
    const broke = () => settle(() => reject(new ConnectionBroke(out.size(), gone.reason)))
    const stop = () => {
      settle(() => reject(over.reason))
      drop()
    }
    gone.addEventListener("abort", broke, { once: true })
    over.addEventListener("abort", stop, { once: true })
    if (gone.aborted) return broke()
    const started = (error: Error | undefined, opened: ClientChannel): void => {
      if (over.aborted || gone.aborted) return
      if (error !== undefined) {
        settle(() => reject(unavailable({ alias }, `${alias} runs no command: ${error.message}`, error)))
        return
      }
      opened.on("data", out.take)
      opened.stderr.on("data", err.take)
      opened.on("close", (code?: number | null, signalName?: string) => {
        const exit = code ?? signalName
        if (exit !== undefined) settle(() => resolve({ stdout: out.bytes(), stderr: err.bytes(), exit, ...from }))
        else settle(() => reject(unavailable({ alias }, `${alias} ended the command without a word`)))
      })
      opened.end(program.input)
    }
    try {
      client.exec(program.command, started)
    } catch (error) {
      // It has closed and not told yet.
      settle(() => reject(new ConnectionBroke(0, error)))
    }

    function settle(outcome: () => void): void {
      gone.removeEventListener("abort", broke)
      over.removeEventListener("abort", stop)
      outcome()
    }

    function tooMuch(bytes: number): void {
      settle(() => reject(unavailable({ alias }, `${alias} answers with more than ${bytes} bytes, which no look has`)))
      drop()
    }
  })
}

function collector(limit: number, exceeded: () => void) {
  const chunks: Buffer[] = []
  let size = 0
  return {
    size: () => size,
    bytes: () => Buffer.concat(chunks),
    take: (chunk: Buffer) => {
      if (size > limit) return
      size += chunk.length
      if (size > limit) exceeded()
      else chunks.push(chunk)
    },
  }
}
