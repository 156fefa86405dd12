/** Forgetting a text that was redacted in the ledger. */
import { escapeKey } from "#kernel/patch.js"
import type { Db } from "#sqlite/open.js"

export function forgetter(db: Db): (text: string, mask: string) => void {
  const named = "FROM series WHERE instr(metric, ?) > 0"
  const forgetMeasurements = db.prepare<[string]>(`DELETE FROM measurements WHERE series_no IN (SELECT no ${named})`)
  const forgetSteps = db.prepare<[string]>(`DELETE FROM rollups WHERE series_no IN (SELECT no ${named})`)
  const forgetSeries = db.prepare<[string]>(`DELETE ${named}`)
  const forgetEvidence = db.prepare<[string]>("DELETE FROM evidence WHERE instr(key, ?) > 0")
  // A digest of few words can be guessed back.
  const forgetDecided = db.prepare("DELETE FROM decided")
  const forgetAnswers = db.prepare("DELETE FROM answered")
  const forgetQueries = db.prepare<[string]>("DELETE FROM saved_queries WHERE instr(q, ?) > 0")
  const maskLetters = db.prepare<[string, string]>("UPDATE dead_letters SET message = replace(message, ?, ?)")
  const maskErrors = ["deliveries", "channels"].map((table) =>
    db.prepare<[string, string]>(`UPDATE ${table} SET error = replace(error, ?, ?)`),
  )
  const maskDeadlines = db.prepare<[string, string]>("UPDATE deadlines SET what = replace(what, ?, ?)")
  const forget = db.transaction((text: string, mask: string) => {
    forgetDecided.run()
    forgetAnswers.run()
    for (const form of new Set([text, escapeKey(text)])) {
      forgetMeasurements.run(form)
      forgetSteps.run(form)
      forgetSeries.run(form)
      maskLetters.run(form, mask)
      for (const maskError of maskErrors) maskError.run(form, mask)
      maskDeadlines.run(form, mask)
      forgetEvidence.run(form)
      forgetQueries.run(form)
    }
  })
  return (text, mask) => {
    db.pragma("secure_delete = ON")
    forget.immediate(text, mask)
    db.pragma("wal_checkpoint(TRUNCATE)")
  }
}
