/** Spans of OpenTelemetry around what takes its time. Without an SDK in the process, which is for whoever runs it to load, they cost nothing and go nowhere. */
import { type Attributes, SpanStatusCode, trace } from "@opentelemetry/api"

const tracer = trace.getTracer("fleet-ledger")

export function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Error) span.recordException(error)
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}
