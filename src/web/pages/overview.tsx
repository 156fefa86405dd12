/** How the fleet is doing, at a glance: what there is, what is wrong, what changed lately, and what nobody can see. Every number leads to its list. */
import type { ComponentChildren } from "preact"
import { type Signal, useSignal } from "@preact/signals"
import { Panel } from "../parts/panel.js"
import { Rest } from "../parts/rest.js"
import { alerts, count, drift, health, history, status } from "../operations.js"
import { hrefOf, isPast } from "../place.js"
import { fieldIs, healthIs } from "../query-text.js"
import { useAnswer } from "../use-answer.js"
import { GroupTrend, type Grouping, groupings, useGroupTrends } from "./overview/group-trends.js"
import { Trend } from "./overview/trend.js"
import { blindOf } from "./overview/blind.js"
import { BlindSpots, Drifting, Lately, Raised, WorstOff } from "./overview/panels.js"

export function Overview() {
  const by = useSignal<Grouping>("role")
  const machines = useAnswer(count, { kind: "target", by: `health,lifecycle,${by.value}` })
  const unwell = useAnswer(count, { kind: "target", q: "health<0.7", by: by.value })
  const services = useAnswer(count, { kind: "service", by: "status" })
  const judged = useAnswer(health, { limit: 8, policy: "none" })
  const raised = useAnswer(alerts, { limit: 100 })
  const drifting = useAnswer(drift, { limit: 6 })
  const sources = useAnswer(status, { failures: 3 })
  const lately = useAnswer(history, { limit: 14 })

  const bands = new Map(machines.answer?.counts["health"]?.map(({ value, count: n }) => [value ?? "unknown", n]))
  const lifecycles = new Map(machines.answer?.counts["lifecycle"]?.map(({ value, count: n }) => [value, n]))
  const states = new Map(services.answer?.counts["status"]?.map(({ value, count: n }) => [value, n]))
  const critical = raised.answer?.items.filter(({ severity }) => severity === "critical").length ?? 0
  const blind = sources.answer === undefined ? undefined : blindOf(sources.answer.sources)
  const many = (items: readonly unknown[] | undefined, next: string | null | undefined) =>
    items === undefined ? undefined : `${items.length}${next ? "+" : ""}`

  return (
    <div class="page overview">
      <h1 class="visually-hidden">Overview</h1>
      <div class="tiles">
        <Tile name="Machines" href="/machines" value={machines.answer?.total}>
          {lifecycles.get("unseen") ? (
            <a href={hrefOf("/machines", { q: "lifecycle:unseen" })}>{lifecycles.get("unseen")} unseen</a>
          ) : (
            "all seen"
          )}
        </Tile>
        <Tile name="Services" href="/services" value={services.answer?.total}>
          {states.get("failed") ? (
            <a class="critical" href={hrefOf("/services", { q: "status:failed" })}>
              {states.get("failed")} failed
            </a>
          ) : (
            "none has failed"
          )}
        </Tile>
        <Tile
          name="Health"
          href="/machines"
          params={{ sort: "health" }}
          value={scoreText(judged.answer?.counts.average)}
        >
          of 100, on average
        </Tile>
        <Tile
          name="Not well"
          href="/machines"
          params={{ q: "health<0.7", sort: "health" }}
          value={unwell.answer?.total}
          alarm={(bands.get("critical") ?? 0) > 0 ? "critical" : undefined}
        >
          {bands.get("critical") ? (
            <a href={hrefOf("/machines", { q: "health<0.3" })}>{bands.get("critical")} critical</a>
          ) : (
            "none critical"
          )}
        </Tile>
        <Tile
          name="Alerts"
          href="/alerts"
          value={many(raised.answer?.items, raised.answer?.next)}
          alarm={critical > 0 ? "critical" : raised.answer?.items.length ? "warning" : undefined}
        >
          {critical > 0 ? (
            <a href={hrefOf("/alerts", { severity: "critical" })}>{critical} critical</a>
          ) : (
            "none critical"
          )}
        </Tile>
        <Tile
          name="Drift"
          href="/drift"
          value={drifting.answer?.counts.drift}
          alarm={drifting.answer?.counts.drift ? "warning" : undefined}
        >
          {drifting.answer?.counts.unknown ? (
            <a href={hrefOf("/drift", { unknown: "true" })}>{drifting.answer.counts.unknown} cannot be said</a>
          ) : (
            "from what is meant"
          )}
        </Tile>
        <Tile name="Blind spots" href="/discovery" value={blind?.length} alarm={blind?.length ? "warning" : undefined}>
          of {sources.answer?.sources.length ?? "–"} sources
        </Tile>
      </div>
      <div class="columns wide-first">
        <div class="stack">
          <Panel title="Health of machines, as last seen" of={machines}>
            {() => (
              <>
                <Bands counts={machines.answer?.counts["health"]} />
                <Trend now={isPast.value ? undefined : Object.fromEntries(bands)} />
              </>
            )}
          </Panel>
          <Groups chosen={by} machines={machines} unwell={unwell} />
          <WorstOff of={judged} />
        </div>
        <div class="stack">
          <Raised of={raised} />
          <Drifting of={drifting} />
          <BlindSpots of={sources} />
          <Lately of={lately} />
        </div>
      </div>
    </div>
  )
}

interface TileProps {
  readonly name: string
  readonly href: string
  readonly params?: Readonly<Record<string, string>>
  readonly value: number | string | undefined
  readonly alarm?: "critical" | "warning" | undefined
  readonly children: ComponentChildren
}

function Tile({ name, href, params, value, alarm, children }: TileProps) {
  return (
    <section class={`tile ${alarm ?? ""}`}>
      <h2>{name}</h2>
      <a class="figure" href={hrefOf(href, params)} aria-label={`${name}: ${value ?? "not known yet"}`}>
        {value ?? "–"}
      </a>
      <p>{children}</p>
    </section>
  )
}

function scoreText(score: number | null | undefined): string | undefined {
  return score === undefined ? undefined : score === null ? "–" : String(Math.round(score * 100))
}

interface BandsProps {
  readonly counts: readonly { readonly value: string | null; readonly count: number }[] | undefined
}

function Bands({ counts = [] }: BandsProps) {
  const bands = new Map(counts.map(({ value, count: n }) => [value ?? "unknown", n]))
  const names = ["healthy", "warning", "critical", "unknown"] as const
  return (
    <div class="bands">
      <div class="bar" aria-hidden="true">
        {names.map((name) =>
          (bands.get(name) ?? 0) > 0 ? <i key={name} class={name} style={{ flexGrow: bands.get(name) }} /> : null,
        )}
      </div>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <a href={hrefOf("/machines", { q: healthIs[name], sort: "health" })}>
              <span class={`state ${name}`}>
                <b>{bands.get(name) ?? 0}</b> {name}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
}

type Counts = ReturnType<typeof useAnswer<NonNullable<typeof count.of>>>

interface GroupsProps {
  readonly chosen: Signal<Grouping>
  readonly machines: Counts
  readonly unwell: Counts
}

const most = 10

function Groups({ chosen, machines, unwell }: GroupsProps) {
  const by = chosen.value
  const [isAll, isOverTime] = [useSignal(false), useSignal(false)]
  const samples = useGroupTrends(isOverTime.value)
  const bad = new Map(unwell.answer?.counts[by]?.map(({ value, count: n }) => [value, n]))
  return (
    <Panel
      title="Machines by"
      of={machines}
      aside={
        <span class="group" role="group" aria-label="Grouped by">
          {groupings.map(([name, title]) => (
            <button key={name} type="button" aria-pressed={by === name} onClick={() => (chosen.value = name)}>
              {title}
            </button>
          ))}
        </span>
      }
    >
      {({ counts: { [by]: groups = [] } }) => (
        <>
          <table class="facts groups">
            <thead>
              <tr>
                <th scope="col">{groupings.find(([name]) => name === by)?.[1]}</th>
                <th scope="col" class="num">
                  Machines
                </th>
                <th scope="col" class="num">
                  Not well
                </th>
                <th scope="col">
                  <button
                    type="button"
                    class="link"
                    aria-pressed={isOverTime.value}
                    title="How many were not well, over the time that the strip shows"
                    onClick={() => (isOverTime.value = !isOverTime.value)}
                  >
                    {isOverTime.value ? "Over time" : "Show over time"}
                  </button>
                </th>
              </tr>
            </thead>
            <tbody>
              {(isAll.value ? groups : groups.slice(0, most)).map(({ value, count: n }) => {
                const unwellHere = bad.get(value) ?? 0
                const all = value === null ? `-${by}:*` : fieldIs(by, value)
                return (
                  <tr key={value}>
                    <td>
                      <a class={value === null ? "soft" : ""} href={hrefOf("/machines", { q: all })}>
                        {value ?? "none given"}
                      </a>
                    </td>
                    <td class="num">
                      <a href={hrefOf("/machines", { q: all })}>{n}</a>
                    </td>
                    <td class="num">
                      {unwellHere === 0 ? (
                        0
                      ) : (
                        <a href={hrefOf("/machines", { q: `${all} health<0.7`, sort: "health" })}>{unwellHere}</a>
                      )}
                    </td>
                    <td>
                      {isOverTime.value && samples.length > 0 ? (
                        <GroupTrend
                          samples={samples}
                          by={by}
                          group={value}
                          now={isPast.value ? undefined : unwellHere}
                        />
                      ) : (
                        <span class="share" aria-hidden="true">
                          <i class="healthy" style={{ flexGrow: n - unwellHere }} />
                          <i class="warning" style={{ flexGrow: unwellHere }} />
                        </span>
                      )}
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
          <Rest left={isAll.value ? 0 : groups.length - most} onMore={() => (isAll.value = true)} />
        </>
      )}
    </Panel>
  )
}
