/** Ids of events need not be kept where they follow from the rest of the head: from the run, or from what caused the event. */
import { type StreamName, eventId } from "#kernel/ids.js"

const start = '{"id":"'
const idLength = 36
/** Instead of an id: the index of the event in its append, as a character that JSON has not. */
const firstMark = 0x10
const marks = 16

/** @returns the head with a mark, or as it is where that would not bring the id back */
export function withoutId(head: string): string {
  const rest = head.slice(start.length + idLength)
  for (let index = 0; index < marks; index++) {
    const id = derived(rest, index)
    if (id === undefined) break
    if (`${start}${id}${rest}` === head) return `${start}${String.fromCharCode(firstMark + index)}${rest}`
  }
  return head
}

export function withId(head: string): string {
  const index = head.charCodeAt(start.length) - firstMark
  if (!(index >= 0 && index < marks)) return head
  const rest = head.slice(start.length + 1)
  return `${start}${derived(rest, index) ?? ""}${rest}`
}

const [byRun, byCause] = [/"runId":"([^"]+)"/, /"actor":"([^"]+)".*"causationId":"([^"]+)"/]
const place = /"revision":(\d+),"schemaVersion":\d+,"stream":"([^"]+)"/

/** What the id is if the event was written as number `index` of an append by its run, or by whoever handled its cause. Not parsed as JSON, which would take as long as all else. */
function derived(rest: string, index: number): string | undefined {
  const [, revision, stream] = place.exec(rest) ?? []
  const command = byRun.exec(rest)?.[1] ?? byCause.exec(rest)?.slice(1).join(":")
  if (stream === undefined || command === undefined) return undefined
  return eventId(stream as StreamName, Number(revision) - 1 - index, command, index)
}
