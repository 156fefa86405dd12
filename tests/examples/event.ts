/** An event: that a machine was moved, in the second version of its payload. */
import { account, type EventDefinition } from "#events/define.js"
import * as z from "zod"

/** As it is written now. */
const moved = z.strictObject({ site: z.string().min(1).max(100), rack: z.string().max(100).nullable() })

export const movedEvent: EventDefinition<typeof moved> = {
  // An account tells of work or of people's word. What alters a record is a `change`, and gets its patch in projections/inventory/patch-of.ts.
  ...account("target", moved),
  version: 2,
  upcasters: {
    // The first version had both in one text. What was stored stays as it is, and is read in today's shape.
    1: (data) => {
      const { place } = z.strictObject({ place: z.string() }).parse(data)
      const [site = "", rack = null] = place.split("/")
      return { site, rack }
    },
  },
}
