/** Exporting and importing inventories as the operations do it. */
import type { Fleet } from "#fleet.js"
import { read, invoke } from "#operations/invoke.js"
import { inventoryExport } from "#operations/inventory-export.js"
import { inventoryImport } from "#operations/inventory-import.js"

const call = (fleet: Fleet) => ({
  fleet,
  principal: { name: "user:ada", scope: "admin" as const },
  signal: new AbortController().signal,
  progress: () => {},
})

export async function exported(fleet: Fleet, input: Record<string, unknown> = {}): Promise<string> {
  const { pieces } = await read(inventoryExport, call(fleet), input)
  let text = ""
  for await (const piece of pieces) text += piece
  return text
}

export interface Imported {
  readonly changes: number
  readonly held: number
  readonly position: number
  readonly targets: number
}

/** @param cut bytes of each chunk that it comes in */
export function imported(
  fleet: Fleet,
  text: string,
  input: Record<string, unknown> = {},
  cut = 65_536,
): Promise<Imported> {
  return invoke(inventoryImport, { ...call(fleet), body: chunksOf(Buffer.from(text), cut) }, input) as Promise<Imported>
}

async function* chunksOf(bytes: Buffer, cut: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut)
}
