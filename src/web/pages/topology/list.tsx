/** The same as the drawing, in words. */
import { EntityLink } from "../../parts/entity-link.js"
import { Score } from "../../parts/health.js"
import { type Group, type Machine, healthText, servicesText } from "./tree.js"

export function TopologyList({ sites }: { readonly sites: readonly Group[] }) {
  return (
    <>
      {sites.map((site) => (
        <section key={site.key} class="panel standing" aria-label={site.name}>
          <header>
            <h2>{site.name}</h2>
            <span class="soft">{healthText(site.counts)}</span>
          </header>
          {site.groups.map(({ key, name, kind, host, machines, counts }) => (
            <section key={key}>
              <h3>
                {host === undefined ? name : <EntityLink entity={{ ...host, kind: "target" }} />}{" "}
                <span class="soft">
                  {kind} · {healthText(counts)}
                </span>
              </h3>
              <Machines machines={machines} />
            </section>
          ))}
          <Machines machines={site.machines} />
        </section>
      ))}
    </>
  )
}

function Machines({ machines }: { readonly machines: readonly Machine[] }) {
  if (machines.length === 0) return null
  return (
    <ul class="lines">
      {machines.map((machine) => (
        <li key={machine.id}>
          <EntityLink entity={{ ...machine, kind: "target" }} />
          <Score score={machine.health} />
          <span class="soft">
            {machine.stacks.map((stack) => (
              <span key={stack.id}>
                <EntityLink entity={{ ...stack, kind: "stack" }} /> ({servicesText(stack.services)}){" "}
              </span>
            ))}
            {servicesText(machine.services)}
          </span>
        </li>
      ))}
    </ul>
  )
}
