/** What stands where, at the time that is looked at: sites, hypervisors, guests, and what runs on them. */
import "../styles/topology.css"
import { useSignal } from "@preact/signals"
import { useMemo } from "preact/hooks"
import { written } from "../forms.js"
import { topology } from "../operations.js"
import { Nothing, Trouble } from "../parts/said.js"
import { change, place } from "../place.js"
import { useAnswer } from "../use-answer.js"
import { Drawing } from "./topology/drawing.js"
import { layOut } from "./topology/layout.js"
import { TopologyList } from "./topology/list.js"
import { healthText, openAtFirst, treeOf } from "./topology/tree.js"

/** As many as one page of an answer has: more are not read in a drawing. */
const mostMachines = 1_000
/** Of the room for it on a laptop. */
const ratio = 1.9

export function TopologyPage() {
  const { params } = place.value
  const q = params.get("q") ?? ""
  const asList = params.get("as") === "list"
  const { answer, error, isLoading } = useAnswer(topology, { limit: mostMachines, ...(q === "" ? {} : { q }) })
  // What somebody opened or closed stays so at other times.
  const turned = useSignal<ReadonlySet<string>>(new Set())
  const sites = useMemo(() => (answer === undefined ? [] : treeOf(answer.items)), [answer])
  const drawn = useMemo(() => {
    const open = new Set(openAtFirst(sites))
    for (const key of turned.value) if (!open.delete(key)) open.add(key)
    return layOut(sites, open, ratio)
  }, [sites, turned.value])
  const toggle = (key: string) => {
    const next = new Set(turned.value)
    if (!next.delete(key)) next.add(key)
    turned.value = next
  }
  return (
    <div class="page topology">
      <header class="page-head">
        <h1>
          Topology <span class="count">{answer?.items.length ?? "…"}</span>
        </h1>
        <form
          class="narrow"
          key={q}
          onSubmit={(event) => {
            event.preventDefault()
            change({ q: written(event.currentTarget, "q") || undefined })
          }}
        >
          <input name="q" defaultValue={q} placeholder="role:production" aria-label="Only machines that are" />
        </form>
        {answer === undefined || answer.next === null ? null : (
          <span class="soft">The first {mostMachines} machines by name: narrow it to see others.</span>
        )}
        <span class="actions">
          <button
            type="button"
            aria-pressed={asList}
            onClick={() => change({ as: asList ? undefined : "list" }, { replace: true })}
          >
            As a list
          </button>
        </span>
      </header>
      {error === undefined || answer !== undefined ? null : <Trouble error={error} />}
      <section class="topology-body" aria-busy={isLoading}>
        {answer === undefined ? null : answer.items.length === 0 ? (
          <Nothing title="Nothing stood here then">
            {q === "" ? "Travel to a later time, or have somebody look." : "No machine is like that: ask for less."}
          </Nothing>
        ) : asList ? (
          <TopologyList sites={sites} />
        ) : (
          <>
            <p class="visually-hidden">
              {sites.map((site) => `${site.name}: ${healthText(site.counts)}`).join("; ")}. The same is there as a list.
            </p>
            <Drawing drawn={drawn} onToggle={toggle} />
          </>
        )}
      </section>
    </div>
  )
}
