/** What differs between the point that is looked at and the one that it is compared with, from the earlier to the later. */
import { endsNow } from "../../frame/ends.js"
import { diff } from "../../operations.js"
import { DifferenceList, differencesIn } from "../../parts/differences.js"
import { Panel } from "../../parts/panel.js"
import { pointText } from "../../time.js"
import { usePages } from "../../use-pages.js"

export function Differences({ entity }: { readonly entity: string }) {
  const ends = endsNow()
  const asked = ends && { entity, ...ends }
  const { pages, more } = usePages(diff, asked && { ...asked, at: "now" })
  const { first } = pages
  return (
    <Panel
      title={ends === undefined ? "What differs" : `From ${pointText(ends.from)} to ${pointText(ends.to)}`}
      count={first && differencesIn(first)}
      of={{ ...pages, answer: first }}
      empty={{ title: "There is no difference", hint: "Drag either handle of the strip to compare other times." }}
      isEmpty={({ items }) => items.length === 0}
    >
      {() => (asked === undefined ? null : <DifferenceList pages={pages} asked={asked} onMore={more} />)}
    </Panel>
  )
}
