/** A change as it is told, with whether it was said to come. */
import type { RecordedEvent } from "#events/catalog.js"
import type { ViewsReader } from "#projections/views.js"
import { type Change, changeOf } from "#timeline/change.js"
import { type Expectation, expectationOf } from "./expected.js"

export interface MarkedChange extends Change {
  /** Null where there is nothing to expect. */
  readonly expectation: Expectation["is"] | null
  /** The intent that it was said by. */
  readonly intent: string | null
}

/** @param event one that alters a record; the views must have reached it */
export async function markedChangeOf(views: ViewsReader, event: RecordedEvent): Promise<MarkedChange> {
  const { is = null, intent = null } = (await expectationOf(views, event)) ?? {}
  return { ...(await changeOf(views, event)), expectation: is, intent }
}
