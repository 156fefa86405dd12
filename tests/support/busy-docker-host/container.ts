/** A container of the host that does not exist: what it was made with, and what happens to it at which moments. */
import { createHash } from "node:crypto"

/** Milliseconds since the epoch. */
export type Moment = number

export interface Container {
  readonly id: string
  readonly name: string
  readonly image: Image
  readonly labels: Readonly<Record<string, string>>
  readonly network: string
  /** Ports of its own, and those of the host that lead to them; null for whichever the engine chooses. */
  readonly publishes: Readonly<Record<number, number | null>>
  readonly restart: "no" | "always" | "unless-stopped"
  readonly autoRemove: boolean
  /** Whether the classic builder has made it for a step of a Dockerfile. */
  readonly isBuildStep: boolean
  readonly created: Moment
  readonly started: Moment
  /** When it ended and nobody started it again. */
  readonly ended?: { readonly at: Moment; readonly code: number }
  /** When it failed, and when its engine had it up again. */
  readonly crashes: readonly { readonly at: Moment; readonly backAt: Moment }[]
  readonly removed: Moment
  /** What its health check concludes; undefined without one. */
  readonly health?: (at: Moment) => "starting" | "healthy" | "unhealthy"
  /** Where its volumes are mounted, and their names. */
  readonly volumes: Readonly<Record<string, string>>
}

export interface Image {
  /** As it is asked for. */
  readonly reference: string
  readonly id: string
  /** Null for one that was built here. */
  readonly digest: string | null
}

/** Hexadecimal digits that are the same for the same name, as engines' ids are for nobody. */
export function hex(name: string, digits = 64): string {
  const known = digests.get(name) ?? createHash("sha256").update(name).digest("hex")
  digests.set(name, known)
  return known.slice(0, digits)
}

const digests = new Map<string, string>()

/** A number below `below` that is the same for the same name. */
export function chance(name: string, below: number): number {
  return Number.parseInt(hex(name, 8), 16) % below
}

export function image(reference: string, build: string, from: "registry" | "here" = "registry"): Image {
  const id = `sha256:${hex(`image ${reference} ${build}`)}`
  return { reference, id, digest: from === "registry" ? `sha256:${hex(`digest ${reference} ${build}`)}` : null }
}

const adjectives = "angry brave clever dreamy eager fervent gifted happy jolly keen loving modest nifty quirky".split(
  " ",
)
const surnames = "albattani bohr curie darwin euler franklin gauss hopper jones kepler lovelace mendel noether".split(
  " ",
)

/** As an engine calls a container that nobody has named. */
function engineName(id: string): string {
  return `${adjectives[chance(`a ${id}`, adjectives.length)]}_${surnames[chance(`s ${id}`, surnames.length)]}`
}

type Given = Partial<Container> & Pick<Container, "image" | "created">

/** A container that lasts beyond the day, but for what is given. */
export function container(seed: string, given: Given): Container {
  const id = hex(`container ${seed} ${given.created}`)
  return {
    id,
    name: engineName(id),
    labels: {},
    network: "bridge",
    publishes: {},
    restart: "no",
    autoRemove: false,
    isBuildStep: false,
    started: given.created + 400,
    crashes: [],
    removed: Number.POSITIVE_INFINITY,
    volumes: {},
    ...given,
  }
}

type State = "created" | "running" | "restarting" | "exited"

export function stateAt({ started, ended, crashes }: Container, at: Moment): State {
  if (at < started) return "created"
  if (ended !== undefined && at >= ended.at) return "exited"
  return crashes.some((crash) => at >= crash.at && at < crash.backAt) ? "restarting" : "running"
}

/** The last time that it was started. */
export function startedBy({ started, crashes }: Container, at: Moment): Moment {
  return crashes.reduce((last, { backAt }) => (backAt <= at ? backAt : last), started)
}

/** The port of the host that leads to one of its own: one of the range for clients where the engine chose. */
export function hostPort({ id, publishes }: Container, port: number): number {
  return publishes[port] ?? 32_768 + chance(`port ${id} ${port}`, 28_000)
}
