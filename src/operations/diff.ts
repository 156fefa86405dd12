/** What differs between two points. */
import * as z from "zod"
import type { Point } from "#kernel/point.js"
import { diff as diffOf } from "#timeline/diff.js"
import { resolvePoint } from "#timeline/resolve.js"
import { query } from "./define.js"
import { diffItemShape, pointShape } from "./shapes.js"

export const diff = query({
  name: "diff",
  summary: "Compare the fleet at two points in time",
  scope: "read",
  ofPoint: true,
  input: z.object({
    from: z.string().max(100).describe("Point in time to compare from"),
    to: z.string().max(100).optional().describe("Point in time to compare to; `at` (now) without it"),
  }),
  output: z.object({
    from: pointShape,
    to: pointShape,
    summary: z.object({ created: z.int(), modified: z.int(), removed: z.int() }),
    items: z.array(diffItemShape),
  }),
  route: { method: "GET", path: "/api/v1/diff" },
  command: {
    name: "diff",
    positional: ["from", "[to]"],
    examples: ["diff -1h", "diff -- -1d now", "diff position:10 position:20 --output json"],
  },
  async run({ fleet, point }, input) {
    const resolve = (at: string): Promise<Point> => resolvePoint(fleet, at)
    const from = await resolve(input.from)
    const to = input.to === undefined ? point : await resolve(input.to)
    await fleet.reached(Math.max(from.position, to.position) as Point["position"])
    const items = await diffOf(fleet.views, from.position, to.position)
    const count = (change: string) => items.filter((item) => item.change === change).length
    return {
      from,
      to,
      summary: { created: count("created"), modified: count("modified"), removed: count("removed") },
      items,
    }
  },
})
