/** What the engine of that host answers, in the shapes that a Docker Engine 20.10 was recorded with, on a socket of its own. */
import * as http from "node:http"
import * as path from "node:path"
import type { Clock } from "#kernel/clock.js"
import { epochMs, instant } from "#kernel/clock.js"
import { type Json, type JsonObject, isObject } from "#kernel/json.js"
import { sample } from "#tests/spec/docker/samples.js"
import { tempFolder } from "../temp-folder.js"
import { whenFinished } from "../when-finished.js"
import { type Container, type Moment, hex, hostPort, startedBy, stateAt } from "./container.js"
import { containers, networks, thereAt } from "./day.js"

const never = "0001-01-01T00:00:00Z"
const [whole, step, listed] = [object(sample("web")), object(sample("build-step")), object(first(sample("list")))]
const [info, version, network] = [object(sample("info")), sample("version"), object(first(sample("networks")))]

function object(json: Json | undefined): JsonObject {
  if (!isObject(json)) throw new Error("not recorded")
  return json
}

function first(json: Json): Json | undefined {
  return Array.isArray(json) ? (json as readonly Json[])[0] : undefined
}

/** @returns the path of its socket */
export async function busyEngine(clock: Clock): Promise<string> {
  const socket = path.join(await tempFolder(), "docker.sock")
  const server = http.createServer((request, response) => {
    const answer = answerTo((request.url ?? "").split("?")[0] ?? "", epochMs(clock.now()))
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" })
    response.end(JSON.stringify(answer ?? { message: "no such thing" }))
  })
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  whenFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return socket
}

function answerTo(at: string, now: Moment): Json | undefined {
  const there = thereAt(containers, now)
  const [, kind = "", wanted = ""] = /^\/(containers|images)\/([^/]+)\/json$/.exec(at) ?? []
  const found = there.find((container) => (kind === "images" ? container.image.id : container.id) === wanted)
  if (kind !== "") return found && (kind === "images" ? imageOf(found) : inspected(found, now, there))
  switch (at) {
    case "/version":
      return version
    case "/info":
      return {
        ...info,
        Name: "dock",
        Driver: "zfs",
        Containers: there.length,
        SystemTime: instant(now),
        KernelVersion: "6.1.0-28-amd64",
      }
    case "/containers/json":
      return there.map((container) => entryOf(container, now, there)).toReversed()
    case "/networks":
      return thereAt(networks, now).map(({ name, id, project, created }) => ({
        ...network,
        Name: name,
        Id: id,
        Created: instant(created),
        Driver: "bridge",
        Labels:
          project === undefined
            ? {}
            : { "com.docker.compose.project": project, "com.docker.compose.network": "default" },
      }))
    case "/volumes":
      return { Volumes: there.flatMap(volumesOf), Warnings: null }
    default:
      return undefined
  }
}

function volumesOf({ volumes, labels }: Container): Json[] {
  return Object.values(volumes).map((name) => ({
    CreatedAt: "2026-11-17T00:00:00Z",
    Driver: "local",
    Labels: name.length === 64 ? null : { "com.docker.compose.project": labels["com.docker.compose.project"] ?? "" },
    Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
    Name: name,
    Options: null,
    Scope: "local",
  }))
}

function imageOf({ image: { reference, id, digest } }: Container): Json {
  const [repository = ""] = reference.split(":")
  return {
    Id: id,
    RepoTags: digest === null ? [] : [reference],
    RepoDigests: digest === null ? [] : [`${repository}@${digest}`],
  }
}

/** Compose puts the id of the one that has to go in front of the name of the one that it makes. */
function nameOf(container: Container, there: readonly Container[]): string {
  const other = there.find(({ id, name }) => name === container.name && id !== container.id)
  return other !== undefined && other.created < container.created
    ? `${other.id.slice(0, 12)}_${container.name}`
    : container.name
}

function networksOf(container: Container, now: Moment): JsonObject {
  const { id, network: name } = container
  const is = stateAt(container, now)
  const endpoint = is === "running" ? hex(`endpoint ${id} ${startedBy(container, now)}`) : ""
  return { [name]: { IPAMConfig: null, Links: null, Aliases: null, NetworkID: hex(name), EndpointID: endpoint } }
}

function entryOf(container: Container, now: Moment, there: readonly Container[]): Json {
  const { image, labels, created } = container
  return {
    ...listed,
    Id: container.id,
    Names: [`/${nameOf(container, there)}`],
    Image: image.reference,
    ImageID: image.id,
    Created: Math.floor(created / 1_000),
    Labels: labels,
    State: stateAt(container, now),
    Status: statusText(container, now),
    NetworkSettings: { Networks: networksOf(container, now) },
  }
}

/** `Up 3 minutes (healthy)`: another text whenever a person would see another one. */
function statusText(container: Container, now: Moment): string {
  const health = container.health === undefined ? "" : ` (${container.health(now)})`
  const since = now - startedBy(container, now)
  const [unit, ms] =
    since < 3_600_000 ? ["minutes", 60_000] : since < 48 * 3_600_000 ? ["hours", 3_600_000] : ["days", 86_400_000]
  const state = stateAt(container, now)
  return state === "running"
    ? `Up ${Math.floor(since / ms)} ${unit}${health}`
    : `${state} ${Math.floor(since / ms)} ${unit} ago`
}

function inspected(container: Container, now: Moment, there: readonly Container[]): Json {
  const shape = container.isBuildStep ? step : whole
  const { id, image, labels, ended, crashes, publishes, health } = container
  const is = stateAt(container, now)
  const up = is === "running" || is === "restarting"
  const ports = Object.entries(publishes).map(([port, to]) => [
    `${port}/tcp`,
    [{ HostIp: "", HostPort: to === null ? "" : `${to}` }],
  ])
  return {
    ...shape,
    Id: id,
    Name: `/${nameOf(container, there)}`,
    Created: instant(container.created),
    Image: image.id,
    RestartCount: crashes.filter(({ at }) => at <= now).length,
    Driver: "zfs",
    // Whoever runs something in it leaves this for a while.
    ExecIDs: [hex(`exec ${id} ${now}`)],
    State: {
      ...object(shape["State"]),
      Status: is,
      Running: up,
      Restarting: is === "restarting",
      ExitCode: is === "exited" ? (ended?.code ?? 0) : is === "restarting" ? 1 : 0,
      StartedAt: is === "created" ? never : instant(startedBy(container, now)),
      FinishedAt: is === "exited" ? instant(ended?.at ?? now) : never,
      ...(health === undefined
        ? { Health: null }
        : { Health: { Status: up ? health(now) : "starting", FailingStreak: 0, Log: [] } }),
    },
    HostConfig: {
      ...object(shape["HostConfig"]),
      NetworkMode: container.network === "bridge" ? "default" : container.network,
      PortBindings: Object.fromEntries(ports),
      RestartPolicy: { Name: container.restart, MaximumRetryCount: 0 },
      AutoRemove: container.autoRemove,
    },
    Mounts: Object.entries(container.volumes).map(([Destination, Name]) => ({
      Type: "volume",
      Name,
      Destination,
      Driver: "local",
      RW: true,
    })),
    Config: {
      ...object(shape["Config"]),
      Hostname: id.slice(0, 12),
      Image: image.reference,
      Labels: labels,
      Healthcheck: { Test: health === undefined ? ["NONE"] : ["CMD", "true"] },
    },
    NetworkSettings: {
      ...object(shape["NetworkSettings"]),
      SandboxID: hex(`sandbox ${id} ${startedBy(container, now)}`),
      Ports: Object.fromEntries(
        Object.keys(publishes).map((port) => [
          `${port}/tcp`,
          [{ HostIp: "0.0.0.0", HostPort: `${hostPort(container, Number(port))}` }],
        ]),
      ),
      Networks: networksOf(container, now),
    },
  }
}
