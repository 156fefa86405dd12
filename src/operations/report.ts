/** Reports as of any point, for people, auditors and programs. */
import * as z from "zod"
import { FleetError } from "#kernel/errors.js"
import { formats } from "#reports/formats.js"
import { isOfPeriod, reportKinds, reportOf } from "#reports/kinds.js"
import { text } from "./define.js"
import { resolveSince, weekBefore } from "#timeline/period.js"

const names = Object.keys(formats) as (keyof typeof formats)[]
const aLimit = "a whole number from 1 to 1000"

export const report = text({
  name: "report",
  summary: "Report on the fleet as of any point: to read, to print, or for programs",
  scope: "read",
  accounted: { as: "export", what: "kind" },
  input: z.object({
    kind: z.enum(reportKinds).describe(`What it is about: ${reportKinds.join(", ")}`),
    since: z
      .string()
      .max(100)
      .optional()
      .describe(
        `Beginning of the period, of ${reportKinds.filter(isOfPeriod).join(", ")}: a point in time; a week before without it`,
      ),
    format: z
      .enum(names)
      .default("md")
      .describe(
        "md for reading; html: one page that can be printed and needs nothing else; json for programs; csv for spreadsheets",
      ),
    limit: z.coerce
      .number(aLimit)
      .int(aLimit)
      .min(1, aLimit)
      .max(1_000, aLimit)
      .default(20)
      .describe("Most rows of a table: the worst are listed, the rest is counted"),
  }),
  mediaTypes: Object.values(formats).map(({ mediaType }) => mediaType),
  route: { method: "GET", path: "/api/v1/reports/{kind}" },
  command: {
    name: "report",
    positional: ["kind"],
    examples: [
      "report summary",
      "report health --at yesterday --format html > health.html",
      "report summary --since -30d --format json",
    ],
  },
  async run(call, { kind, since, format, limit: most }) {
    const { fleet, point, signal } = call
    if (since !== undefined && !isOfPeriod(kind))
      throw new FleetError("InvalidInput", `a report on ${kind} is about a point alone and takes no "since"`)
    const begin = () => (since === undefined ? weekBefore(fleet, point) : resolveSince(fleet, call, since))
    const made = await reportOf(kind, { line: fleet, point, most, signal }, begin)
    const { mediaType, write } = formats[format]
    return { mediaType, pieces: piecesOf(write(made)) }
  },
})

async function* piecesOf(pieces: Iterable<string>): AsyncGenerator<string> {
  yield* pieces
}
