/** What runs on a machine, by what it is for: units of systemd, and containers that a stack was deployed with. */
import type { Role } from "./fleet.js"

interface Program {
  readonly name: string
  readonly port?: number
}

export interface Unit extends Program {
  readonly kind: "unit"
}

export interface Container extends Program {
  readonly kind: "container"
  /** Which of the machine's stacks it is part of. */
  readonly stack: number
  /** Its repository. */
  readonly image: string
}

const common: readonly Program[] = [
  { name: "ssh", port: 22 },
  { name: "cron" },
  { name: "chrony" },
  { name: "prometheus-node-exporter", port: 9_100 },
  { name: "rsyslog" },
  { name: "unattended-upgrades" },
  { name: "postfix", port: 25 },
]

const special: Readonly<Record<Role, readonly Program[]>> = {
  pve: [{ name: "pveproxy", port: 8_006 }, { name: "pvedaemon" }, { name: "corosync" }, { name: "pve-cluster" }],
  db: [
    { name: "postgresql@15-main", port: 5_432 },
    { name: "pgbouncer", port: 6_432 },
  ],
  cache: [
    { name: "redis-server", port: 6_379 },
    { name: "memcached", port: 11_211 },
  ],
  ci: [{ name: "gitlab-runner" }, { name: "buildkit", port: 1_234 }],
  web: [{ name: "docker" }],
  app: [{ name: "docker" }],
}

const stackServices: readonly (Program & { readonly image: string })[] = [
  { name: "proxy", image: "traefik", port: 8_080 },
  { name: "api", image: "registry.example/api", port: 3_000 },
  { name: "worker", image: "registry.example/worker" },
  { name: "db", image: "postgres" },
  { name: "cache", image: "redis" },
]

/** Ports of a second stack are so much higher. */
const portsOfStack = 100

/** Whether it runs containers. */
export const hasEngine = (role: Role): boolean => role === "web" || role === "app"

export function programsOf(role: Role, count: number): readonly (Unit | Container)[] {
  const units = [...special[role], ...common]
  const ofUnits = hasEngine(role) ? Math.min(3, Math.floor(count / 2)) : count
  return Array.from({ length: count }, (_, i) => (i < ofUnits ? unitAt(units, i) : containerAt(i - ofUnits)))
}

/** However many there are to be: more of the kind that somebody wrote. */
function unitAt(units: readonly Program[], i: number): Unit {
  return { kind: "unit", ...(units[i] ?? { name: `job-runner@${i}`, port: 20_000 + i }) }
}

function containerAt(i: number): Container {
  const stack = Math.floor(i / stackServices.length)
  const { name, image, port } = stackServices[i % stackServices.length] as (typeof stackServices)[number]
  return { kind: "container", stack, name, image, ...(port && { port: port + stack * portsOfStack }) }
}
