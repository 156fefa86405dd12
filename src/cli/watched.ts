/** Work on the data folder that takes long: shows how far it is, and stops when it is asked to. */
import type { Watching } from "#kernel/watching.js"
import { Interrupt } from "./interrupt.js"
import { printable } from "./printable.js"
import { progressLine } from "./progress.js"

export async function watched<T>(work: (watching: Watching) => Promise<T>): Promise<T> {
  const interrupt = new Interrupt()
  const progress = progressLine(process.stderr)
  try {
    return await work({ progress: progress.update, signal: interrupt.signal })
  } finally {
    progress.clear()
    interrupt.ignore()
  }
}

export function say(text: string): void {
  process.stdout.write(`${printable(text)}\n`)
}
