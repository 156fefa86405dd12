/** The page's streams of changes without a server, on a clock that the test moves. */
import { afterEach, beforeEach, vi } from "vitest"

export class ChangeStream extends EventTarget {
  /** In this test, oldest first. */
  static readonly opened: ChangeStream[] = []
  isClosed = false
  constructor() {
    super()
    ChangeStream.opened.push(this)
  }
  says(sign: string): void {
    this.dispatchEvent(new MessageEvent(sign, { data: "{}" }))
  }
  close(): void {
    this.isClosed = true
  }
}

/** For every test of the file. */
export function withoutServer(): void {
  beforeEach(() => {
    vi.useFakeTimers()
    ChangeStream.opened.length = 0
    vi.stubGlobal("EventSource", ChangeStream)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
}
