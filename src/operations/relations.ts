/** What an entity has to do with others, as of a point. */
import * as z from "zod"
import { entityRef, findEntity } from "#timeline/entity.js"
import { mostRelated, relations as kindsOfRelations, relationsOf } from "#timeline/relations.js"
import { query } from "./define.js"
import { entityReference, entityShape } from "./shapes.js"

export const relations = query({
  name: "relations",
  summary: "Show what an entity runs on, what runs on it, what it is part of and what it waits for",
  scope: "read",
  ofPoint: true,
  input: z.object({ entity: entityReference.describe("Name or id") }),
  output: z.object({
    entity: entityShape,
    items: z
      .array(z.object({ relation: z.enum(kindsOfRelations), entity: entityShape }))
      .describe(`It is … the other; up to ${mostRelated} by one relation and kind`),
  }),
  route: { method: "GET", path: "/api/v1/entities/{entity}/relations" },
  command: {
    name: "relations",
    positional: ["entity"],
    examples: ["relations web-1", "relations stack:shop --at -1d"],
  },
  async run({ fleet: { views }, point: { position } }, { entity }) {
    const record = await findEntity(views, entity, position)
    return { entity: await entityRef(views, record, position), items: await relationsOf(views, record, position) }
  },
})
