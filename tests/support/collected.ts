/** Whether nothing holds an object any more: asks the garbage collector itself. */
import * as v8 from "node:v8"
import * as vm from "node:vm"

export async function collected(reference: WeakRef<object>): Promise<boolean> {
  v8.setFlagsFromString("--expose-gc")
  const collectGarbage = vm.runInNewContext("gc") as () => void
  for (let attempt = 0; attempt < 20; attempt++) {
    // A WeakRef holds its object until the turn of the event loop ends.
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
    if (reference.deref() === undefined) return true
  }
  return false
}
