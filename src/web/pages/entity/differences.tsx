/** What differs between the point that is looked at and the one that it is compared with. */
import { diff } from "../../operations.js"
import { DifferenceList, differencesIn } from "../../parts/differences.js"
import { Panel } from "../../parts/panel.js"
import { at } from "../../place.js"
import { pointText } from "../../time.js"
import { usePages } from "../../use-pages.js"

export function Differences({ entity, to }: { readonly entity: string; readonly to: string }) {
  const asked = { entity, from: at.value ?? "now", to }
  const { pages, more } = usePages(diff, { ...asked, at: "now" })
  const { first, error, isLoading } = pages
  return (
    <Panel
      title={`From ${pointText(asked.from)} to ${pointText(to)}`}
      count={first && differencesIn(first)}
      of={{ answer: first, error, isLoading }}
      empty={{ title: "There is no difference", hint: "Drag either handle of the strip to compare other times." }}
      isEmpty={({ items }) => items.length === 0}
    >
      {() => <DifferenceList pages={pages} asked={asked} onMore={more} />}
    </Panel>
  )
}
