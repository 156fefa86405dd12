/** All pages: where each is, what it is called, and by which key one gets there. A page is loaded when it is first looked at. */
import type { FunctionComponent } from "preact"

export interface PageProps {
  /** What stands in the address in the place of `:name`. */
  readonly params: Readonly<Record<string, string>>
}

export type Page = FunctionComponent<PageProps>

export interface Route {
  readonly path: string
  readonly title: string
  readonly load: () => Promise<Page>
  /** Of those in the navigation: the heading it stands under, and the second stroke behind `g`. */
  readonly nav?: { readonly group: string; readonly key: string }
}

const inventory = async () => (await import("./pages/inventory.js")).Inventory

export const routes: readonly Route[] = [
  {
    path: "/",
    title: "Overview",
    load: async () => (await import("./pages/overview.js")).Overview,
    nav: { group: "Fleet", key: "o" },
  },
  { path: "/machines", title: "Machines", load: inventory, nav: { group: "Fleet", key: "m" } },
  { path: "/services", title: "Services", load: inventory, nav: { group: "Fleet", key: "s" } },
  { path: "/stacks", title: "Stacks", load: inventory, nav: { group: "Fleet", key: "k" } },
  {
    path: "/topology",
    title: "Topology",
    load: async () => (await import("./pages/topology.js")).TopologyPage,
    nav: { group: "Fleet", key: "t" },
  },
  {
    path: "/alerts",
    title: "Alerts",
    load: async () => (await import("./pages/alerts.js")).AlertsPage,
    nav: { group: "What is wrong", key: "w" },
  },
  { path: "/alerts/:alert", title: "Alert", load: async () => (await import("./pages/alert.js")).AlertPage },
  {
    path: "/drift",
    title: "Drift",
    load: async () => (await import("./pages/drift.js")).DriftPage,
    nav: { group: "What is wrong", key: "d" },
  },
  {
    path: "/security",
    title: "Security",
    load: async () => (await import("./pages/security.js")).SecurityPage,
    nav: { group: "What is wrong", key: "x" },
  },
  {
    path: "/discovery",
    title: "Discovery",
    load: async () => (await import("./pages/discovery.js")).DiscoveryPage,
    nav: { group: "What is wrong", key: "i" },
  },
  {
    path: "/compare",
    title: "Compare",
    load: async () => (await import("./pages/compare.js")).ComparePage,
    nav: { group: "Time", key: "c" },
  },
  {
    path: "/history",
    title: "History",
    load: async () => (await import("./pages/history.js")).HistoryPage,
    nav: { group: "Time", key: "h" },
  },
  {
    path: "/access",
    title: "Access",
    load: async () => (await import("./pages/access.js")).AccessPage,
    nav: { group: "Time", key: "a" },
  },
  {
    path: "/docs",
    title: "API",
    load: async () => (await import("./pages/docs.js")).DocsPage,
    nav: { group: "For programs", key: "p" },
  },
  { path: "/events/:position", title: "Event", load: async () => (await import("./pages/event.js")).EventPage },
  { path: "/entities/:entity", title: "Entity", load: async () => (await import("./pages/entity.js")).EntityPage },
]

export interface Found {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export function routeOf(path: string): Found | undefined {
  for (const route of routes) {
    const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name as string)
    const match = new RegExp(`^${route.path.replaceAll(/:\w+/g, "([^/]+)")}/?$`).exec(path)
    if (match === null) continue
    const values = names.map((name, index): [string, string] => [name, decoded(match[index + 1] as string)])
    return { route, params: Object.fromEntries(values) }
  }
  return undefined
}

/** What is no encoding stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
