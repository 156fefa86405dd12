/** The calls that are open: so that a test can see whether its client has let go of them, and drop them from this side. */
import * as grpc from "@grpc/grpc-js"
import { Refusal } from "./errors.js"

export type Kind = "appends" | "reads" | "subscriptions"

export interface OpenCall {
  readonly kind: Kind
  readonly metadata: grpc.Metadata
  /** Aborts when the call is over, whoever ended it. */
  readonly over: AbortSignal
  readonly end: (refusal?: Refusal) => void
}

interface Call {
  readonly metadata: grpc.Metadata
  once(event: "cancelled", listener: () => void): unknown
}

interface StreamingCall extends Call {
  emit(event: "error", refusal: Refusal): boolean
  end(): unknown
}

export class OpenCalls {
  readonly #open = new Set<OpenCall>()

  of(kind: Kind): readonly OpenCall[] {
    return [...this.#open].filter((call) => call.kind === kind)
  }

  /** Carries out a call that has one answer. What is thrown on the way is the answer. */
  answer<Answer>(
    kind: Kind,
    call: Call,
    callback: grpc.sendUnaryData<Answer>,
    carryOut: (open: OpenCall) => Promise<Answer>,
  ): void {
    const open = this.#enter(kind, call, (refusal) => refusal && callback(refusal))
    void settled(open, async () => {
      const answer = await carryOut(open)
      if (!open.over.aborted) callback(null, answer)
    })
  }

  /** Carries out a call that sends until it returns. What is thrown on the way ends it, behind all that was sent. */
  stream(kind: Kind, call: StreamingCall, carryOut: (open: OpenCall) => Promise<void>): void {
    const open = this.#enter(kind, call, (refusal) => (refusal ? call.emit("error", refusal) : call.end()))
    void settled(open, () => carryOut(open))
  }

  #enter(kind: Kind, call: Call, finish: (refusal?: Refusal) => void): OpenCall {
    const over = new AbortController()
    const leave = (): boolean => {
      over.abort()
      return this.#open.delete(open)
    }
    const end = (refusal?: Refusal) => {
      if (leave()) finish(refusal)
    }
    const open: OpenCall = { kind, metadata: call.metadata, over: over.signal, end }
    call.once("cancelled", leave)
    this.#open.add(open)
    return open
  }
}

async function settled(open: OpenCall, carryOut: () => Promise<void>): Promise<void> {
  try {
    await carryOut()
    open.end()
  } catch (error) {
    open.end(error instanceof Refusal ? error : new Refusal(grpc.status.INTERNAL, String(error)))
  }
}
