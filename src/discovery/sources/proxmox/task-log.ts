/** What the nodes of a cluster have done of late, and for whom. */
import { type Instant, epochMs } from "#kernel/clock.js"
import { foreignText } from "../../facts/foreign.js"
import type { Cause } from "../../observation.js"
import type { Client } from "./client.js"
import { page } from "./page.js"
import { tasks } from "./pages.js"
import { causesOf } from "./tasks.js"

export interface TaskLog {
  readonly causes: readonly Cause[]
  /** Why some of it could not be seen. */
  readonly why: string | undefined
}

/** The API goes by when a task began, and one may take a day: a disk is moved, or a machine is restored. */
const longestTaskMs = 86_400_000
/** Far more than a node does in that time; the newest come first. */
const most = 1_000

/** @param since when the look before was */
export async function taskLog(client: Client, nodes: readonly string[], since: Instant): Promise<TaskLog> {
  const from = Math.floor((epochMs(since) - longestTaskMs) / 1_000)
  const pages = await Promise.all(
    nodes.toSorted().map(async (node) => ({
      node,
      done: await page(client.get(`/nodes/${node}/tasks?since=${from}&limit=${most}`, tasks)),
    })),
  )
  const whys = pages.flatMap(({ node, done }) => ("why" in done ? [`${node}: ${done.why}`] : []))
  return {
    causes: pages.flatMap(({ done }) => ("value" in done ? causesOf(done.value) : [])),
    why: whys.length === 0 ? undefined : foreignText(whys.join("; ")),
  }
}
