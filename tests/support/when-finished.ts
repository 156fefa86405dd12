/** What a test has made ends with it, or with its file where the file's tests share it. */
import { onTestFinished } from "vitest"

type End = () => unknown

let shared: End[] | undefined

export function whenFinished(end: End): void {
  if (shared !== undefined) shared.push(end)
  else onTestFinished(async () => void (await end()))
}

/** For `beforeAll`: what is made in here lasts until what it returns is called, which is what `beforeAll` does. The last that was made ends first. */
export async function sharedByTests(make: () => Promise<void>): Promise<() => Promise<void>> {
  const ends: End[] = []
  const endAll = async () => {
    for (const end of ends.toReversed()) await end()
  }
  shared = ends
  try {
    await make()
    return endAll
  } catch (error) {
    await endAll()
    throw error
  } finally {
    shared = undefined
  }
}
