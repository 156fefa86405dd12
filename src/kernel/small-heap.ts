/**
 * What runs for weeks keeps its memory small: V8 would let the heap grow to three or four times what lives in it before all of it is looked through, which is mostly done beside
 * the program anyway.
 */
import * as v8 from "node:v8"

/** For the whole process, from now on. */
export function keepHeapSmall(): void {
  v8.setFlagsFromString("--heap-growing-percent=40")
}
