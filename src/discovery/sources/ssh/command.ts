/**
 * One program on one connection: what it reads goes to its input, and its whole answer comes back, or none of it. A shell that has answered is kept for the next
 * program where that is wanted: to start one costs both sides as much as what most programs do. It ends with the connection, and holds nothing meanwhile.
 */
import type { Client, ClientChannel } from "ssh2"
import { messageOf } from "#kernel/errors.js"
import type { Connection } from "./connect.js"
import { seconds, unavailable } from "./sentences.js"
import { within } from "#kernel/within.js"

export interface Limits {
  readonly deadlineMs: number
  readonly stdoutBytes: number
  readonly stderrBytes: number
}

/** What runs on the host, and what it reads. */
export interface Program {
  readonly command: string
  readonly input: string
  /** Whether an answer that ends so is whole: what runs there then waits for its next input. Without, its input ends with this one. */
  readonly isWhole?: (end: string) => boolean
}

/** As much of the end of an answer as it takes to tell whether it is whole. */
const longestEnd = 128

/** The shells that wait for their next input. */
const waiting = new WeakMap<Client, Waiting>()

interface Waiting {
  readonly command: string
  readonly channel: ClientChannel
  readonly forget: () => void
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
    const answered = (exit: Answer["exit"]) =>
      settle(() => resolve({ stdout: out.bytes(), stderr: err.bytes(), exit, ...from }))
    const talk = (channel: ClientChannel, close: (exit: Answer["exit"] | undefined) => void): void => {
      const hear = (chunk: Buffer) => {
        out.take(chunk)
        if (program.isWhole?.(out.end()) !== true) return
        channel.off("data", hear).off("close", closed).stderr.off("data", err.take)
        keep(client, program.command, channel)
        answered(0)
      }
      const closed = (code?: number | null, signalName?: string) => close(code ?? signalName)
      channel.on("data", hear).on("close", closed)
      channel.stderr.on("data", err.take)
      if (program.isWhole === undefined) channel.end(program.input)
      else channel.write(program.input)
    }
    const ended = (exit: Answer["exit"] | undefined) => {
      if (exit !== undefined) answered(exit)
      else settle(() => reject(unavailable({ alias }, `${alias} ended the command without a word`)))
    }
    const started = (error: Error | undefined, opened: ClientChannel): void => {
      if (over.aborted || gone.aborted) return
      if (error === undefined) talk(opened, ended)
      else settle(() => reject(unavailable({ alias }, `${alias} runs no command: ${error.message}`, error)))
    }
    const start = () => {
      try {
        client.exec(program.command, started)
      } catch (error) {
        // It has closed and not told yet.
        settle(() => reject(new ConnectionBroke(0, error)))
      }
    }
    const kept = program.isWhole && takeKept(client, program.command)
    if (kept === undefined) start()
    // One that has ended meanwhile has not heard the question.
    else talk(kept, (exit) => (out.size() === 0 && !over.aborted && !gone.aborted ? start() : ended(exit)))

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
    end: () => {
      const last = chunks.at(-1)
      const bytes = last !== undefined && last.length >= longestEnd ? last : Buffer.concat(chunks.slice(-longestEnd))
      return bytes.subarray(-longestEnd).toString("latin1")
    },
    bytes: () => Buffer.concat(chunks),
    take: (chunk: Buffer) => {
      if (size > limit) return
      size += chunk.length
      if (size > limit) exceeded()
      else chunks.push(chunk)
    },
  }
}

/** A shell that says something, or ends, though nobody has asked it anything, is not kept. */
function keep(client: Client, command: string, channel: ClientChannel): void {
  const forget = () => {
    if (waiting.get(client)?.channel === channel) waiting.delete(client)
    channel.off("data", forget).off("close", forget).resume().end()
  }
  channel.on("data", forget).on("close", forget)
  channel.stderr.resume()
  if (waiting.has(client)) forget()
  else waiting.set(client, { command, channel, forget })
}

function takeKept(client: Client, command: string): ClientChannel | undefined {
  const kept = waiting.get(client)
  if (kept?.command !== command) return undefined
  waiting.delete(client)
  return kept.channel.off("data", kept.forget).off("close", kept.forget)
}
