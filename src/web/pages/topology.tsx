/** What stands where, at the time that is looked at: sites, hypervisors, guests, and what runs on them. */
import "../styles/topology.css"
import { useSignal } from "@preact/signals"
import { useMemo } from "preact/hooks"
import { written } from "../forms.js"
import { count, topology } from "../operations.js"
import { Nothing, Trouble } from "../parts/said.js"
import { change, hrefOf, place } from "../place.js"
import { useAnswer } from "../use-answer.js"
import { Drawing } from "./topology/drawing.js"
import { layOut } from "./topology/layout.js"
import { TopologyList } from "./topology/list.js"
import { Many, splits } from "./topology/many.js"
import { healthText, openAtFirst, treeOf } from "./topology/tree.js"

/** As many as one page of an answer has: more are counted, and drawn when a part of them is opened. */
const mostMachines = 1_000
/** Of the room for it on a phone, and on a laptop. */
const ratio = innerWidth < 760 ? 0.3 : 1.9

export function TopologyPage() {
  const q = place.value.params.get("q") ?? ""
  // Parts that are of another query lead elsewhere than they say.
  return <Standing key={q} q={q} />
}

function Standing({ q }: { readonly q: string }) {
  const asList = place.value.params.get("as") === "list"
  const asked = q === "" ? {} : { q }
  const counted = useAnswer(count, { kind: "target", by: splits.join(","), ...asked })
  const isMany = counted.answer !== undefined && counted.answer.total > mostMachines
  const drawable = counted.answer !== undefined && !isMany
  const standing = useAnswer(topology, drawable ? { limit: mostMachines, ...asked } : undefined)
  const { answer } = standing
  const error = counted.error ?? standing.error
  const isLoading = counted.isLoading.value || (drawable && standing.isLoading.value)
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
          Topology <span class="count">{counted.answer?.total ?? "…"}</span>
        </h1>
        <form
          class="narrow"
          onSubmit={(event) => {
            event.preventDefault()
            change({ q: written(event.currentTarget, "q") || undefined })
          }}
        >
          <input name="q" defaultValue={q} placeholder="role:production" aria-label="Only machines that are" />
        </form>
        {q === "" ? null : (
          <a class="soft" href={hrefOf("/topology", asList ? { as: "list" } : {})}>
            All machines
          </a>
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
      {error === undefined || isMany || answer !== undefined ? null : <Trouble error={error} />}
      <section class="topology-body" aria-busy={isLoading}>
        {counted.answer !== undefined && isMany ? (
          <Many counts={counted.answer.counts} q={q} />
        ) : answer === undefined ? null : answer.items.length === 0 ? (
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
