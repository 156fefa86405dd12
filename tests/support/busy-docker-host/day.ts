/**
 * A day of a host called `dock`, from midnight: two compose projects and a proxy that stay, and what people, timers and a CI runner do there. What of
 * it a person would call a change is in changes.ts.
 */
import { type Container, type Image, type Moment, chance, container, hex, image } from "./container.js"

const midnight = Date.parse("2026-11-24T00:00:00Z")
const long = Number.POSITIVE_INFINITY
const second = 1_000
const minute = 60 * second

/** `14:00` or `14:00:30`. */
export function clock(text: string): Moment {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number)
  return midnight + ((hours * 60 + minutes) * 60 + seconds) * second
}

export const dayBegins = midnight
export const weekBefore = midnight - 7 * 24 * 60 * minute

export const within = (at: Moment, from: string, until: string) => at >= clock(from) && at < clock(until)

const images = {
  nginx: image("nginx:1.27", "a"),
  postgres: image("postgres:16", "a"),
  redis: image("redis:7", "a"),
  prometheus: image("prom/prometheus:v3.1.0", "a"),
  grafana: image("grafana/grafana:11.4.0", "a"),
  traefik: image("traefik:v3.2", "a"),
  api: image("registry.lan/shop/api:latest", "monday"),
  newApi: image("registry.lan/shop/api:latest", "tuesday"),
  wiki: image("requarks/wiki:2", "a"),
  restic: image("restic/restic:0.17.3", "a"),
  ryuk: image("testcontainers/ryuk:0.11.0", "a"),
  runner: image("node:22", "a"),
} as const satisfies Record<string, Image>

/** What Compose says of a container on its labels. */
function composed(project: string, service: string, more: Readonly<Record<string, string>> = {}) {
  const say = {
    "config-hash": hex(`config ${project} ${service}`),
    "container-number": "1",
    oneoff: "False",
    project,
    "project.config_files": `/srv/${project}/compose.yaml`,
    "project.working_dir": `/srv/${project}`,
    service,
    version: "2.32.4",
    ...more,
  }
  return Object.fromEntries(Object.entries(say).map(([name, value]) => [`com.docker.compose.${name}`, value]))
}

type Given = Partial<Container> & Pick<Container, "image" | "created">

function ofProject(
  project: string,
  name: string,
  given: Given,
  labels: Readonly<Record<string, string>> = {},
): Container {
  return container(`${project} ${name}`, {
    name: `${project}-${name}-1`,
    network: `${project}_default`,
    restart: "unless-stopped",
    labels: composed(project, name, labels),
    ...given,
  })
}

const [downAt, upAt] = [clock("10:31:10"), clock("10:31:40")]
const [recreatedAt, replacedAt] = [clock("13:59:55"), clock("14:00:02")]
const removedBy = (at: Moment) => ({ ended: { at: at - 3 * second, code: 0 }, removed: at })

/** Its database is slow for a while. */
const webHealth = (at: Moment) => (within(at, "16:18", "16:33") ? "unhealthy" : "healthy")
const apiHealth = (at: Moment) => (at < replacedAt + 5 * minute ? "starting" : "healthy")

const lasting: readonly Container[] = [
  ofProject("shop", "web", { image: images.nginx, created: weekBefore, publishes: { 80: 8080 }, health: webHealth }),
  ofProject("shop", "db", {
    image: images.postgres,
    created: weekBefore,
    volumes: { "/var/lib/postgresql/data": "shop_db" },
  }),
  // Its image asks for a volume that nobody has named.
  ofProject("shop", "cache", {
    image: images.redis,
    created: weekBefore,
    volumes: { "/data": hex("anonymous volume") },
  }),
  ofProject("shop", "worker", {
    image: images.api,
    created: weekBefore,
    crashes: [
      { at: clock("12:01:10"), backAt: clock("12:01:12") },
      { at: clock("12:03:30"), backAt: clock("12:03:34") },
      { at: clock("12:04:56"), backAt: clock("12:05:04") },
    ],
  }),
  ofProject("shop", "api", {
    image: images.api,
    created: weekBefore,
    ...removedBy(replacedAt),
    health: () => "healthy",
  }),
  // Made before the old one is stopped, under another name until that has gone.
  ofProject(
    "shop",
    "api",
    { image: images.newApi, created: recreatedAt, started: replacedAt, publishes: { 8000: 8081 }, health: apiHealth },
    { "config-hash": hex("config shop api with a port") },
  ),
  ...[{ created: weekBefore, ...removedBy(downAt) }, { created: upAt }].flatMap((life) => [
    ofProject("monitoring", "prometheus", { image: images.prometheus, publishes: { 9090: 9090 }, ...life }),
    ofProject("monitoring", "grafana", { image: images.grafana, publishes: { 3000: 3000 }, ...life }),
  ]),
  ofProject("wiki", "app", { image: images.wiki, created: clock("15:31"), publishes: { 3000: 8090 } }),
  container("traefik", {
    name: "traefik",
    image: images.traefik,
    created: weekBefore,
    restart: "always",
    network: "proxy",
    publishes: { 80: 80, 443: 443 },
  }),
  container("legacy", {
    name: "legacy",
    image: images.nginx,
    created: weekBefore,
    network: "proxy",
    publishes: { 80: 8099 },
    ...removedBy(clock("18:02")),
  }),
]

/** From eight to eight a commit comes every twenty minutes, and the classic builder runs each step of its Dockerfile in a container. */
function* builds(): Generator<Container> {
  for (let commit = 0; commit < 36; commit++) {
    let at = clock("08:00") + commit * 20 * minute + chance(`commit ${commit}`, 240) * second
    const steps = 3 + chance(`steps ${commit}`, 4)
    for (let step = 0; step < steps; step++) {
      const takes = commit === 15 && step === 0 ? 26 * minute : (20 + chance(`step ${commit} ${step}`, 130)) * second
      const fails = commit % 9 === 7 && step === steps - 1
      const { id } = image("<none>", `${commit} ${step}`, "here")
      yield container(`step ${commit} ${step}`, {
        image: { reference: id, id, digest: null },
        isBuildStep: true,
        created: at,
        // What has failed stays until somebody prunes.
        ...(fails ? { ended: { at: at + takes, code: 1 } } : removedBy(at + takes)),
      })
      at += takes + second
    }
  }
}

/** Tests bring databases of their own, on ports that the engine chooses; a CI runner has a container for each job. */
function* tests(): Generator<Container> {
  for (let run = 0; run < 21; run++) {
    const from = clock("09:13") + run * 30 * minute
    const until = from + 4 * minute + chance(`tests ${run}`, 180) * second
    const common = { image: images.postgres, publishes: { 5432: null } }
    yield container(`test db ${run}`, { ...common, created: from, autoRemove: true, ...removedBy(until) })
    yield container(`by hand ${run}`, { ...common, created: from, ...removedBy(until) })
    const labels = { "org.testcontainers": "true", "org.testcontainers.session-id": hex(`session ${run}`, 32) }
    yield container(`testcontainer ${run}`, {
      ...common,
      created: from,
      labels,
      network: `tc-${hex(`net ${run}`, 32)}`,
      ...removedBy(until),
    })
    yield container(`ryuk ${run}`, {
      image: images.ryuk,
      name: `testcontainers-ryuk-${hex(`session ${run}`, 32)}`,
      labels,
      autoRemove: true,
      created: from,
      ...removedBy(until + 10 * second),
    })
    yield container(`job ${run}`, {
      image: images.runner,
      name: `runner-t1axbcd-project-7-concurrent-0-${hex(`job ${run}`, 16)}-build`,
      labels: { "com.gitlab.gitlab-runner.managed": "true", "com.gitlab.gitlab-runner.type": "build" },
      created: from - minute,
      ...removedBy(until + minute),
    })
  }
}

/** Cron starts containers that are gone when their work is done. */
function* jobs(): Generator<Container> {
  yield container("backup", {
    name: "backup",
    image: images.restic,
    autoRemove: true,
    created: clock("02:10"),
    ...removedBy(clock("02:47")),
  })
  for (let hour = 0; hour < 24; hour++) {
    const created = clock(`${hour}:04:40`)
    const labels = composed("shop", "worker", { oneoff: "True" })
    const name = `shop-worker-run-${hex(`run ${hour}`, 12)}`
    yield container(`cron ${hour}`, {
      name,
      image: images.api,
      autoRemove: true,
      labels,
      network: "shop_default",
      created,
      ...removedBy(created + 50 * second),
    })
    yield container(`check ${hour}`, {
      name: "certcheck",
      image: images.restic,
      autoRemove: true,
      created: created + minute,
      ...removedBy(created + 2 * minute),
    })
  }
}

export const containers: readonly Container[] = [...lasting, ...builds(), ...tests(), ...jobs()]

export interface Network {
  readonly name: string
  readonly id: string
  readonly project?: string
  readonly created: Moment
  readonly removed: Moment
}

const network = (name: string, created: Moment, removed: Moment, project?: string): Network => ({
  name,
  id: hex(`network ${name} ${created}`),
  ...(project !== undefined && { project }),
  created,
  removed,
})

/** Each makes a bridge of the host's, named by its id. */
export const networks: readonly Network[] = [
  network("proxy", weekBefore, long),
  network("shop_default", weekBefore, long, "shop"),
  network("monitoring_default", weekBefore, downAt, "monitoring"),
  network("monitoring_default", upAt, long, "monitoring"),
  network("wiki_default", clock("15:31"), long, "wiki"),
  ...containers
    .filter(({ network: name }) => name.startsWith("tc-"))
    .map((of) => network(of.network, of.created, of.removed)),
]

export const thereAt = <T extends { readonly created: Moment; readonly removed: Moment }>(
  things: readonly T[],
  at: Moment,
): T[] => things.filter(({ created, removed }) => created <= at && at < removed)
