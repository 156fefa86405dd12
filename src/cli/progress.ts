/** Progress of long work, on a terminal only: one line, wiped when the answer comes. */
import type { Progress } from "#operations/define.js"
import { Pace } from "./pace.js"
import { printable } from "./printable.js"

export interface ProgressLine {
  readonly update: Progress
  clear(): void
}

export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  let shown = false
  const pace = new Pace()
  return {
    update(done, total, what) {
      if (!stream.isTTY) return
      shown = true
      const share = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : ""
      const left = pace.after(done, total, performance.now())
      stream.write(`\r\u001b[K${done}/${total}${share} ${printable(what)}${left === "" ? "" : ` (${left})`}`)
    },
    clear() {
      if (shown) stream.write("\r\u001b[K")
    },
  }
}
