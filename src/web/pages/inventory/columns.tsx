/** What the tables of the inventory can show: of each kind its columns, those that are shown at first, and where they are asked for. */
import type { Answer, Asked } from "../../ask.js"
import type { services, stacks, targets } from "../../operations.js"
import { EntityLink } from "../../parts/entity-link.js"
import type { Column } from "../../parts/grid.js"
import { Score, State } from "../../parts/health.js"
import { When } from "../../parts/when.js"

type Items<O> = O extends Asked<infer T> ? (Answer<T> extends { items: readonly (infer I)[] } ? I : never) : never
export type Target = Items<typeof targets>
export type Service = Items<typeof services>
export type Stack = Items<typeof stacks>
type Kind = "target" | "service" | "stack"

export interface Inventoried<T = never> {
  readonly kind: Kind
  readonly title: string
  readonly columns: readonly Column<T>[]
  /** Shown until somebody chooses. */
  readonly usual: readonly string[]
  /** Counted beside the table, to narrow it by. */
  readonly facets: readonly string[]
}

const none = <span class="soft">–</span>
const soft = (text: string | null) => (text === null ? none : text)

export const machines: Inventoried<Target> = {
  kind: "target",
  title: "Machines",
  usual: ["name", "status", "health", "role", "os", "addresses", "services", "lastSeen"],
  facets: ["status", "health", "role", "environment", "os", "source", "tag", "lifecycle"],
  columns: [
    {
      name: "name",
      title: "Name",
      width: "minmax(8.5rem, 1.4fr)",
      sort: "name",
      cell: ({ id, name }) => <EntityLink entity={{ kind: "target", id, name }} />,
    },
    {
      name: "status",
      title: "Status",
      width: "6.5rem",
      sort: "status",
      cell: ({ status }) => <State state={status} />,
    },
    { name: "health", title: "Health", width: "7rem", sort: "health", cell: ({ health }) => <Score score={health} /> },
    { name: "role", title: "Role", width: "6.5rem", sort: "role", cell: ({ role }) => soft(role) },
    {
      name: "lifecycle",
      title: "Lifecycle",
      width: "7rem",
      sort: "lifecycle",
      cell: ({ lifecycle }) => <State state={lifecycle} />,
    },
    { name: "os", title: "System", width: "minmax(13.5rem, 1.2fr)", sort: "os", cell: ({ os }) => soft(os) },
    { name: "kernel", title: "Kernel", width: "11rem", cell: ({ kernel }) => soft(kernel) },
    {
      name: "addresses",
      title: "Addresses",
      width: "minmax(8.5rem, 1fr)",
      cell: ({ addresses }) => (
        <span class="value" title={addresses.join("\n")}>
          {addresses.join(" ")}
        </span>
      ),
    },
    { name: "cpuCores", title: "Cores", width: "5rem", numeric: true, cell: ({ cpuCores }) => cpuCores ?? none },
    {
      name: "memoryMiB",
      title: "Memory",
      width: "6.5rem",
      numeric: true,
      cell: ({ memoryMiB }) => (memoryMiB === null ? none : `${Math.round(memoryMiB / 102.4) / 10} GiB`),
    },
    { name: "services", title: "Services", width: "5.5rem", numeric: true, cell: (row) => row.services },
    { name: "tags", title: "Tags", width: "10rem", cell: ({ tags }) => tags.join(" ") },
    { name: "sources", title: "Sources", width: "9rem", cell: ({ sources }) => sources.join(" ") },
    {
      name: "lastSeen",
      title: "Last seen",
      width: "6.5rem",
      cell: ({ lastSeen }) => (lastSeen === null ? none : <When at={lastSeen} short />),
    },
  ],
}

export const running: Inventoried<Service> = {
  kind: "service",
  title: "Services",
  usual: ["name", "target", "status", "runtime", "image", "stack", "ports", "description"],
  facets: ["status", "runtime", "stack", "source", "lifecycle"],
  columns: [
    {
      name: "name",
      title: "Name",
      width: "minmax(10.5rem, 1.2fr)",
      sort: "name",
      cell: ({ id, name }) => <EntityLink entity={{ kind: "service", id, name }} />,
    },
    {
      name: "target",
      title: "Machine",
      width: "minmax(8rem, 1fr)",
      cell: ({ target }) => <EntityLink entity={target} />,
    },
    {
      name: "status",
      title: "Status",
      width: "6.5rem",
      sort: "status",
      cell: ({ status, flapping }) => <State state={flapping ? "flapping" : status} />,
    },
    { name: "runtime", title: "Runtime", width: "6rem", sort: "runtime", cell: ({ runtime }) => soft(runtime) },
    { name: "image", title: "Image", width: "minmax(9.5rem, 1.2fr)", sort: "image", cell: ({ image }) => soft(image) },
    { name: "stack", title: "Stack", width: "6rem", sort: "stack", cell: ({ stack }) => soft(stack) },
    {
      name: "ports",
      title: "Ports",
      width: "7.5rem",
      cell: ({ ports }) => <span class="value">{ports.join(" ")}</span>,
    },
    {
      name: "lifecycle",
      title: "Lifecycle",
      width: "7rem",
      sort: "lifecycle",
      cell: ({ lifecycle }) => <State state={lifecycle} />,
    },
    {
      name: "description",
      title: "Description",
      width: "minmax(10rem, 1.4fr)",
      cell: ({ description }) => soft(description),
    },
  ],
}

export const deployed: Inventoried<Stack> = {
  kind: "stack",
  title: "Stacks",
  usual: ["name", "target", "runtime", "workingDir", "files"],
  facets: ["runtime", "source", "lifecycle"],
  columns: [
    {
      name: "name",
      title: "Name",
      width: "minmax(11rem, 1fr)",
      sort: "name",
      cell: ({ id, name }) => <EntityLink entity={{ kind: "stack", id, name }} />,
    },
    {
      name: "target",
      title: "Machine",
      width: "minmax(9rem, 1fr)",
      cell: ({ target }) => <EntityLink entity={target} />,
    },
    { name: "runtime", title: "Runtime", width: "8rem", sort: "runtime", cell: ({ runtime }) => soft(runtime) },
    {
      name: "workingDir",
      title: "Folder",
      width: "minmax(12rem, 1.4fr)",
      cell: ({ workingDir }) => <span class="value">{soft(workingDir)}</span>,
    },
    {
      name: "files",
      title: "Files",
      width: "minmax(14rem, 2fr)",
      cell: ({ files }) => (
        <span class="value" title={files.join("\n")}>
          {files.join(" ")}
        </span>
      ),
    },
    {
      name: "lifecycle",
      title: "Lifecycle",
      width: "7rem",
      sort: "lifecycle",
      cell: ({ lifecycle }) => <State state={lifecycle} />,
    },
  ],
}
