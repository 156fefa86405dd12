/** All containers of an engine, each looked at closely, with the images that they are of. */
import { type Json, isObject } from "#kernel/json.js"
import type { NotSeen } from "../../facts/answer.js"
import { type Engine, type Reply, answered } from "./engine.js"
import { at, flagAt, itemsAt, textAt } from "./json.js"
import type { Memory } from "./memory.js"

const atOnce = 8
/** Of lists in which a container vanished before it was looked at: it may have made way for its successor. */
const lists = 3

export interface Containers {
  /** As the engine lists them. */
  readonly listed: readonly Json[]
  readonly inspected: readonly Json[]
  /** By id; those that could be looked at. */
  readonly images: ReadonlyMap<string, Json>
  /** Why any of them could not be looked at. */
  readonly unseen: string | undefined
  readonly unseenImages: string | undefined
}

export async function containersOf(engine: Engine, memory: Memory, now: number): Promise<Containers | NotSeen> {
  for (let list = 1; ; list++) {
    const reply = await engine.ask((docker, how) => docker.listContainers({ all: true, ...how }))
    const listed = listIn(reply)
    if ("why" in listed) return listed
    if (listed.json.some((entry) => textAt(entry, "Id") === null))
      return { why: "the engine lists a container without its id" }
    const replies = await inspect(engine, memory, now, listed.json)
    if (list === lists || !replies.some((each) => "gone" in each)) {
      return closely(engine, memory, now, listed.json, replies)
    }
  }
}

export type Listed = { readonly json: readonly Json[] } | NotSeen

/** What is no list is not an empty one; null is, in Go. */
export function listIn(reply: Reply, ...path: readonly string[]): Listed {
  const answer = answered(reply)
  if ("why" in answer) return answer
  const list = at(answer.json, ...path)
  if (list !== null && !Array.isArray(list)) return { why: "the engine answers no list where one is due" }
  return { json: itemsAt(list) }
}

function inspect(engine: Engine, memory: Memory, now: number, listed: readonly Json[]): Promise<Reply[]> {
  return inTurns(listed, (entry) => {
    const id = textAt(entry, "Id") ?? ""
    const changing = ["State", "Status", "Names", "Image", "ImageID", "NetworkSettings"].map((name) => at(entry, name))
    return memory.recall(id, JSON.stringify(changing), now, () =>
      engine.ask((docker, how) => docker.getContainer(id).inspect(how)),
    )
  })
}

async function closely(
  engine: Engine,
  memory: Memory,
  now: number,
  listed: readonly Json[],
  replies: readonly Reply[],
): Promise<Containers> {
  const understood = replies.map(asContainer)
  const inspected = understood.flatMap((reply) => ("json" in reply ? [reply.json] : []))
  const ids = [...new Set(inspected.map((container) => textAt(container, "Image") ?? ""))]
  const answers = await inTurns(ids, (id) =>
    memory.recall(id, "", now, () => engine.ask((docker, how) => docker.getImage(id).inspect(how))),
  )
  const images = ids.flatMap((id, i) => {
    const answer = answers[i]
    return answer !== undefined && "json" in answer ? [[id, answer.json] as const] : []
  })
  memory.retain(new Set([...ids, ...listed.map((entry) => textAt(entry, "Id") ?? "")]))
  return { listed, inspected, images: new Map(images), unseen: firstWhy(understood), unseenImages: firstWhy(answers) }
}

/** What does not say of which service it is, and whether it runs, says nothing of any. */
function asContainer(reply: Reply): Reply {
  if (!("json" in reply)) return reply
  const { json } = reply
  const labels = at(json, "Config", "Labels")
  const isWhole =
    textAt(json, "Id") !== null &&
    textAt(json, "Name") !== null &&
    textAt(json, "State", "Status") !== null &&
    flagAt(json, "State", "Running") !== null &&
    isObject(at(json, "HostConfig")) &&
    // Null is none, in Go.
    (labels === null || (isObject(labels) && Object.values(labels).every((label) => typeof label === "string")))
  return isWhole ? reply : { why: "the engine answers no container where one is due" }
}

function firstWhy(replies: readonly Reply[]): string | undefined {
  for (const reply of replies) if ("why" in reply) return reply.why
  return undefined
}

/** The results in order, of a few at a time. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const rest = items.entries()
  const worker = async () => {
    for (const [i, item] of rest) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
