/**
 * What forms for people have in common: one line that says it all, and a few below it. Texts are cut before a form escapes them, so that no escape is ever cut
 * in two, and short enough for every form even if all of them is escaped.
 */
import { printable } from "#kernel/printable.js"
import { type Message, capital, cut, headline, linkOf } from "../message.js"

const longestHeadline = 250
const longestLine = 120
const linesShown = 9

/** Of printable characters alone, without line breaks, and no longer than so many. */
export function plain(text: string, longest: number): string {
  return cut(printable(text.replaceAll(/\s+/g, " ").slice(0, longest * 2)), longest)
}

/** One line of 250 characters at most. */
export function titleLine(message: Message): string {
  return plain(headline(message), longestHeadline)
}

/** Ten at most, of 120 characters at most: who said what of the one alert, or what the first of several say. */
export function furtherLines({ alerts, count }: Message): readonly string[] {
  const [{ by, reason }] = alerts
  if (count === 1) {
    const said = reason === undefined ? `By ${by}` : `By ${by}: ${reason}`
    return by === undefined ? [] : [plain(said, longestLine)]
  }
  const shown = alerts.slice(0, linesShown).map(({ title }) => plain(title, longestLine))
  const more = count - shown.length
  return more > 0 ? [...shown, `and ${more} more`] : shown
}

/** What it is of, in few words that are our own. */
export function subjectLine({ severity, state, rule }: Message): string {
  return `${capital(severity)}: ${rule} ${state}`
}

/** Where people see what it is about. */
export function pageOf({ alerts, count, home }: Message): string {
  return count === 1 ? linkOf(alerts[0], home) : home
}
