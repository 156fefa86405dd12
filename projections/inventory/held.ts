/**
 * What held of a record at a position: of what holds now what began by then, and what has ended since. The latter is found by going through all that ever ended; where a
 * record has changed so often that this would take longer than its units are worth, by a look-up for each of them. So it costs what the record is, however old it grows.
 */

/** A look-up costs as much as going through about so many rows; beneath a few of them nothing is worth one. */
const rowsPerLookUp = 25
const fewRows = 100

/**
 * A query with the parameters `$record`, `$at` and, of one facet, `$facet`.
 * @param columns of units, as SQL, also an aggregate
 */
export function heldUnits(columns: string, part: "record" | "facet"): string {
  const own = `record_no = $record${part === "facet" ? " AND facet_no = $facet" : ""}`
  const ofRecord = "FROM past_units WHERE record_no = $record"
  const facets =
    part === "facet"
      ? "SELECT $facet FROM many WHERE yes"
      : `SELECT (SELECT min(facet_no) ${ofRecord}) FROM many WHERE yes
         UNION ALL SELECT (SELECT min(facet_no) ${ofRecord} AND facet_no > facets.no) FROM facets WHERE no IS NOT NULL`
  // The least is one seek, and so is the next greater: no other row of the same path is gone through.
  return `WITH RECURSIVE
      many (yes) AS MATERIALIZED (SELECT EXISTS (
        SELECT 1 FROM past_units WHERE ${own} LIMIT 1 OFFSET ${fewRows} + ${rowsPerLookUp} * (SELECT count(*) FROM units WHERE ${own}))),
      facets (no) AS (${facets}),
      ended (facet, path) AS (
        SELECT no, (SELECT min(path_no) ${ofRecord} AND facet_no = facets.no) FROM facets WHERE no IS NOT NULL
        UNION ALL
        SELECT facet, (SELECT min(path_no) ${ofRecord} AND facet_no = facet AND path_no > path) FROM ended WHERE path IS NOT NULL)
    SELECT ${columns} FROM units WHERE ${own} AND since <= $at
    UNION ALL
    SELECT ${columns} FROM many CROSS JOIN past_units WHERE NOT yes AND ${own} AND since <= $at AND until > $at
    UNION ALL
    SELECT ${columns} FROM ended CROSS JOIN past_units ON record_no = $record AND facet_no = facet AND path_no = path
      AND since = (SELECT max(since) ${ofRecord} AND facet_no = facet AND path_no = path AND since <= $at)
    WHERE path IS NOT NULL AND until > $at`
}
