/** What an alert is about, as one text: of one rule and subject there is one alert that is open. */
import type { AlertAbout } from "#events/alert.js"

export function subjectOf({ kind, id, name = "", part }: AlertAbout): string {
  return [kind, id ?? name, ...(part === undefined ? [] : [part])].join(" ")
}
