/**
 * Where an engine is: as configured, else as the `docker` command of the same user would find it (DOCKER_HOST, DOCKER_CONTEXT, the current
 * context, the usual sockets). An engine is root on its machine, so what is not protected on the way is refused.
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { FleetError, messageOf } from "#kernel/errors.js"
import { contextNamed, currentContext } from "./contexts.js"

export interface DockerOptions {
  /** `unix:///run/docker.sock`, `tcp://host:2376`, `ssh://user@host`. */
  readonly host?: string | undefined
  /** A context of the `docker` command's. */
  readonly context?: string | undefined
  /** Files in PEM, for tcp. */
  readonly tls?: TlsFiles | undefined
}

/** `ca` is who vouches for the engine, `cert` and `key` are who we are. */
export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export interface TlsMaterial {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: TlsMaterial | undefined }
  | { readonly kind: "ssh"; readonly address: string }

/** Who asks: their variables and their home. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
}

/** @throws FleetError `InvalidConfig` for what is not an address or not protected, `SourceUnavailable` for files that cannot be read */
export async function endpointOf(options: DockerOptions, { env, home }: Surroundings): Promise<Endpoint> {
  if (options.host !== undefined) return endpointAt(options.host, options.tls)
  const folder = env["DOCKER_CONFIG"] || path.join(home, ".docker")
  const inContext = async (name: string) => {
    if (name === "default") return usualSocket(env)
    const { host, tls } = await contextNamed(name, folder)
    return endpointAt(host, options.tls ?? tls)
  }
  if (options.context !== undefined) return inContext(options.context)
  if (env["DOCKER_HOST"]) return endpointAt(env["DOCKER_HOST"], options.tls ?? tlsOfVariables(env, folder))
  return inContext(env["DOCKER_CONTEXT"] || (await currentContext(folder)))
}

/** Without DOCKER_TLS_VERIFY the command speaks plainly, whatever DOCKER_CERT_PATH holds. */
function tlsOfVariables(env: NodeJS.ProcessEnv, folder: string): TlsFiles | undefined {
  if (!env["DOCKER_TLS_VERIFY"]) return undefined
  const certificates = env["DOCKER_CERT_PATH"] || folder
  const file = (name: string) => path.join(certificates, `${name}.pem`)
  return { ca: file("ca"), cert: file("cert"), key: file("key") }
}

/** The system's socket, or else that of an engine that the user runs. */
async function usualSocket(env: NodeJS.ProcessEnv): Promise<Endpoint> {
  const system = "/var/run/docker.sock"
  const own = env["XDG_RUNTIME_DIR"] ? path.join(env["XDG_RUNTIME_DIR"], "docker.sock") : system
  return { kind: "unix", path: !(await isThere(system)) && (await isThere(own)) ? own : system }
}

async function isThere(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  )
}

async function endpointAt(host: string, tls: TlsFiles | undefined): Promise<Endpoint> {
  if (host.startsWith("unix://")) {
    const socket = host.slice("unix://".length)
    if (path.isAbsolute(socket)) return { kind: "unix", path: socket }
    throw new FleetError(
      "InvalidConfig",
      `the socket in "${host}" has to be a whole path, like unix:///run/docker.sock`,
    )
  }
  if (host.startsWith("ssh://")) return { kind: "ssh", address: host }
  const [, name, given] = /^tcp:\/\/(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/i.exec(host) ?? []
  if (name === undefined) {
    throw new FleetError(
      "InvalidConfig",
      `"${host}" is no address of a Docker Engine; unix://, tcp:// and ssh:// are known`,
    )
  }
  const bare = name.replace(/^\[(.*)\]$/, "$1")
  if (tls === undefined && !isLoopback(bare)) {
    throw new FleetError(
      "InvalidConfig",
      `${host} without TLS would let anybody on the way be root there; give it tls files, or use ssh://`,
    )
  }
  const port = Number(given ?? (tls === undefined ? 2375 : 2376))
  return { kind: "tcp", host: bare, port, tls: tls && (await material(tls)) }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host)
}

async function material({ ca, cert, key }: TlsFiles): Promise<TlsMaterial> {
  if ((cert === undefined) !== (key === undefined))
    throw new FleetError("InvalidConfig", "tls takes cert and key together, or neither")
  return {
    ...(ca !== undefined && { ca: await pem(ca) }),
    ...(cert !== undefined && { cert: await pem(cert) }),
    ...(key !== undefined && { key: await pem(key) }),
  }
}

async function pem(file: string): Promise<Buffer> {
  try {
    return await fs.readFile(file)
  } catch (error) {
    throw new FleetError("SourceUnavailable", `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
