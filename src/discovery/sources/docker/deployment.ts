/** Who deployed a container, by its labels: Compose or a swarm. What they say stays the same when the container is made anew. */
import * as path from "node:path"
import type { Json, JsonObject } from "#kernel/json.js"
import { foreignText } from "../../facts/foreign.js"
import { at, textAt } from "./json.js"

export interface Deployment {
  readonly runtime: "compose" | "swarm"
  /** Null for a service of a swarm that is in no stack. */
  readonly stack: string | null
  readonly service: string
  /** Which of the service's containers it is. */
  readonly replica: string
}

const compose = "com.docker.compose"
const swarm = "com.docker.swarm"

export function deploymentOf(labels: Json | undefined): Deployment | undefined {
  const [project, service] = [textAt(labels, `${compose}.project`), textAt(labels, `${compose}.service`)]
  if (project !== null && service !== null) {
    const replica = textAt(labels, `${compose}.container-number`) ?? "1"
    return { runtime: "compose", stack: project, service, replica }
  }
  const name = textAt(labels, `${swarm}.service.name`)
  if (name === null) return undefined
  const stack = textAt(labels, "com.docker.stack.namespace")
  // `shop_web.1.<id of the task>`, or the id of the node where there is one on each.
  const task = textAt(labels, `${swarm}.task.name`) ?? ""
  const replica = task.startsWith(`${name}.`) ? (task.slice(name.length + 1).split(".")[0] ?? "") : task
  const short = stack !== null && name.startsWith(`${stack}_`) ? name.slice(stack.length + 1) : name
  return { runtime: "swarm", stack, service: short, replica }
}

/**
 * Made for one command or one run, as whoever made it says: `docker compose run` makes a container beside those of the service, GitLab's runner one for
 * each job, Testcontainers those that a test needs.
 */
export function isOneOff(labels: Json | undefined): boolean {
  if (textAt(labels, `${compose}.oneoff`)?.toLowerCase() === "true") return true
  return textAt(labels, "com.gitlab.gitlab-runner.type") !== null || textAt(labels, "org.testcontainers") === "true"
}

export function configHashOf(labels: Json | undefined): string | null {
  return textAt(labels, `${compose}.config-hash`)
}

/** `db:service_healthy:false,cache:service_started:true`; undefined where the label is missing, as it is before version 2. */
export function dependenciesOf(labels: Json | undefined): JsonObject | undefined {
  const label = labelOf(labels, `${compose}.depends_on`)
  if (label === undefined) return undefined
  const items = label.split(",").filter((item) => item.trim() !== "")
  return Object.fromEntries(
    items.map((item) => {
      const [service = "", condition] = item.trim().split(":")
      return [`service:${foreignText(service)}`, { condition: condition ? foreignText(condition) : null }]
    }),
  )
}

export function workingDirOf(labels: Json | undefined): string | null {
  return textAt(labels, `${compose}.project.working_dir`)
}

/** Before version 2 they are relative to the working directory. */
export function filesOf(labels: Json | undefined): readonly string[] {
  const files = labelOf(labels, `${compose}.project.config_files`)?.split(",") ?? []
  const folder = workingDirOf(labels) ?? ""
  return files.filter((file) => file !== "").map((file) => foreignText(path.posix.resolve("/", folder, file)))
}

/** The stack that a network or a volume was made for. */
export function stackOf(labels: Json | undefined): string | null {
  return textAt(labels, `${compose}.project`) ?? textAt(labels, "com.docker.stack.namespace")
}

function labelOf(labels: Json | undefined, name: string): string | undefined {
  const value = at(labels, name)
  return typeof value === "string" ? value : undefined
}
