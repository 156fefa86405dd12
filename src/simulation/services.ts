/** What runs on a machine, as a look sees it: services, and the stacks that containers were deployed as. */
import type { Observation } from "#discovery/observation.js"
import type { JsonObject } from "#kernel/json.js"
import { type Chance, hexDigits } from "./chance.js"
import { deploymentsOf, isFailing, restartsOf } from "./days.js"
import type { Host } from "./fleet.js"
import { type Container, type Unit, programsOf } from "./programs.js"

/** Once in so many deployments, ports are published elsewhere. */
const portsMoveEvery = 4

const stackNames = ["shop", "intranet", "metrics", "forum", "tickets"]

export class Running {
  readonly #chance: Chance
  readonly #host: Host
  readonly #time: number
  readonly #programs: readonly (Unit | Container)[]

  constructor(chance: Chance, host: Host, services: number, time: number) {
    this.#chance = chance
    this.#host = host
    this.#time = time
    this.#programs = programsOf(host.role, services)
  }

  observations(): Observation[] {
    const services = this.#programs.map((program, i) =>
      program.kind === "unit" ? this.#unit(program, i) : this.#container(program, i),
    )
    const containers = this.#programs.filter((program) => program.kind === "container")
    const stacks = [...new Set(containers.map(({ stack }) => stack))]
    return [...services, ...stacks.map((stack) => this.#stack(stack))]
  }

  /** Of the programs that run. */
  sockets(): JsonObject {
    return Object.fromEntries(
      this.#programs.flatMap((program, i) => {
        const port = this.#portOf(program)
        if (port === undefined || this.#fails(i)) return []
        const process = program.kind === "unit" ? program.name : "docker-proxy"
        return [[`tcp:${port}`, { port, address: "*", process, user: "root" }]]
      }),
    )
  }

  #fails(service: number): boolean {
    return isFailing(this.#chance, this.#host, service, this.#time)
  }

  #portOf(program: Unit | Container): number | undefined {
    if (program.port === undefined || program.kind === "unit") return program.port
    return program.port + (Math.floor(this.#deployments(program.stack) / portsMoveEvery) % 2)
  }

  #deployments(stack: number): number {
    return deploymentsOf(this.#chance, this.#host, stack, this.#time)
  }

  #unit(unit: Unit, i: number): Observation {
    const { nativeKey: on } = this.#host
    const { name, port } = unit
    return {
      kind: "service",
      nativeKey: `${on}/systemd:${name}.service`,
      on,
      facets: {
        identity: { name, runtime: "systemd" },
        config: {
          description: `The ${name} service`,
          executable: `/usr/sbin/${name.replace(/@.*$/, "")}`,
          user: "root",
          enabled: "enabled",
          ports: port === undefined ? {} : { [`tcp:${port}`]: {} },
        },
        state: { status: this.#fails(i) ? "failed" : "running" },
      },
    }
  }

  #container(container: Container, i: number): Observation {
    const { nativeKey: on, number } = this.#host
    const { stack, name, image } = container
    const deployments = this.#deployments(stack)
    const port = this.#portOf(container)
    const id = (of: string) => hexDigits(64, this.#chance, of, number, i, deployments)
    const fails = this.#fails(i)
    return {
      kind: "service",
      nativeKey: `${on}/compose:${this.#stackName(stack)}:${name}:1`,
      on,
      facets: {
        identity: { name: `${this.#stackName(stack)}-${name}-1`, runtime: "docker" },
        config: {
          executable: `/usr/bin/${name}`,
          user: "root",
          ports: port === undefined ? {} : { [`tcp:${port}`]: { containerPort: container.port as number } },
          stack: this.#stackName(stack),
          stackService: name,
          dependsOn: name === "api" ? { "service:db": { condition: "service_healthy" } } : {},
        },
        state: { status: fails ? "failed" : "running" },
        container: {
          id: id("container"),
          image: `${image}:1.${deployments}`,
          imageId: `sha256:${id("image")}`,
          digest: `sha256:${id("digest")}`,
          configHash: id("config"),
          restart: "unless-stopped",
          mounts: { "mount:/data": { type: "volume", source: null, volume: `${name}-data`, readOnly: false } },
          networkMode: `${this.#stackName(stack)}_default`,
          networks: { [`net:${this.#stackName(stack)}_default`]: { address: null } },
          environment: { "env:PATH": {}, "env:TZ": {} },
          memoryMiB: 512,
          cpus: null,
          privileged: false,
          // Each start begins anew: until then it says nothing.
          ...(fails ? {} : { health: "healthy" }),
          restarts: restartsOf(this.#chance, this.#host, i, this.#time),
        },
      },
    }
  }

  #stack(stack: number): Observation {
    const { nativeKey: on } = this.#host
    const name = this.#stackName(stack)
    return {
      kind: "stack",
      nativeKey: `${on}/compose:${name}`,
      on,
      facets: {
        identity: { name, runtime: "compose" },
        config: {
          workingDir: `/srv/${name}`,
          files: { [`file:/srv/${name}/compose.yaml`]: {} },
          networks: { [`net:${name}_default`]: { driver: "bridge", internal: false } },
          volumes: { [`volume:${name}_data`]: { driver: "local" } },
        },
      },
    }
  }

  #stackName(stack: number): string {
    return stackNames[stack] ?? `stack-${stack}`
  }
}
