/** What is known to be wrong: checks that fail, and alerts that are open. */
import * as z from "zod"
import type { JsonObject } from "#kernel/json.js"
import { alerts } from "#operations/alerts.js"
import { checks } from "#operations/checks.js"
import { type Ask, known } from "../tool.js"

export const usesOfWrong = [checks, alerts]

const listed = z.array(z.looseObject({}))
export const wrongShape = { failingChecks: listed, openAlerts: listed }

/** Of each; the newest alerts. */
const most = 10

export async function whatIsWrong(ask: Ask, at: string, entity?: string) {
  type List = { readonly items: readonly JsonObject[] }
  const failing = await ask<List>(checks, { at, entity, status: "failing", limit: most })
  const open = await ask<List>(alerts, { at, entity, limit: most })
  return { failingChecks: failing.items.map(known), openAlerts: open.items.map(known) }
}
