/**
 * Spans of OpenTelemetry around what takes its time. Without an SDK in the process, which is for whoever runs it to load, they cost nothing and go nowhere. How long each took is told within the process besides.
 */
import { channel } from "node:diagnostics_channel"
import { type Attributes, SpanStatusCode, trace } from "@opentelemetry/api"

const tracer = trace.getTracer("fleet-ledger")

/** Told of each span that has ended. */
export interface SpanEnded {
  readonly name: string
  readonly seconds: number
}

const ended = channel("fleet-ledger:span-ended")

/** @returns stops listening */
export function onSpanEnded(listen: (span: SpanEnded) => void): () => void {
  const heard = (message: unknown) => listen(message as SpanEnded)
  ended.subscribe(heard)
  return () => {
    ended.unsubscribe(heard)
  }
}

export function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    const started = performance.now()
    try {
      return await work()
    } catch (error) {
      if (error instanceof Error) span.recordException(error)
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
      if (ended.hasSubscribers) ended.publish({ name, seconds: (performance.now() - started) / 1_000 })
    }
  })
}
