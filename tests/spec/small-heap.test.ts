/** The same work in less memory: tried in a process of its own, as it holds for the whole of one. */
import { execFileSync } from "node:child_process"
import { describe, expect, it } from "vitest"

/** Keeps the last 20 things that it made, as a server does; prints the most memory that was in use. */
const work = `
  import { getHeapStatistics } from "node:v8"
  const kept = []
  let most = 0
  for (let n = 0; n < 600; n++) {
    kept[n % 20] = Array.from({ length: 5_000 }, (_, i) => ({ i, s: [i] }))
    if (n > 40) most = Math.max(most, getHeapStatistics().used_heap_size)
  }
  console.log(most)`

const mostOf = (program: string) =>
  Number(
    execFileSync(process.execPath, ["--conditions=source", "--import=tsx", "--input-type=module", "-e", program], {
      encoding: "utf8",
    }),
  )

describe("a heap that is kept small", () => {
  it("grows less", () => {
    const small = mostOf(`import { keepHeapSmall } from "#kernel/small-heap.js"\nkeepHeapSmall()\n${work}`)
    expect(small).toBeLessThan(mostOf(work))
  })
})
