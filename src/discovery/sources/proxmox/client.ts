/**
 * Questions to the API of Proxmox VE. An answer counts when it is JSON of the expected shape; anything else is an error, with the reason in `details.why`,
 * as a page of a login or of a proxy must never be taken for an empty list.
 */
import * as fs from "node:fs/promises"
import * as https from "node:https"
import type * as z from "zod"
import { FleetError, messageOf } from "#kernel/errors.js"
import { foreignText } from "../../facts/foreign.js"
import { type Answer, ask } from "../http.js"
import { type Permissions, permissions } from "./pages.js"
import { PinnedAgent, type Trust } from "./pinned.js"

export interface Access {
  /** `host` or `host:port` of nodes of one cluster; the first that answers is asked. */
  readonly addresses: readonly string[]
  /** `USER@REALM!TOKENID`. */
  readonly token: string
  readonly secret: string
  /** PEM file of the authority that signed the nodes' certificates. */
  readonly ca?: string | undefined
  readonly fingerprints?: readonly string[] | undefined
}

export interface Connection {
  readonly client: Client
  readonly permissions: Permissions
}

const defaultPort = 8_006

/**
 * Asks what the token may see, which is where everything begins, at one address after the other.
 *
 * @throws FleetError `SourceUnavailable` when the token is refused, or nobody answers
 */
export async function connect(access: Access, signal: AbortSignal, patienceMs?: number): Promise<Connection> {
  const trust = await trustOf(access)
  const reasons: string[] = []
  for (const address of access.addresses) {
    const client = new Client(address, trust, `PVEAPIToken=${access.token}=${access.secret}`, signal, patienceMs)
    try {
      return { client, permissions: await client.get("/access/permissions", permissions) }
    } catch (error) {
      client.close()
      if (!(error instanceof FleetError) || isRefusal(error)) throw error
      reasons.push(error.message)
    }
  }
  throw new FleetError("SourceUnavailable", reasons.join("; "))
}

export class Client {
  readonly #agent: https.Agent
  readonly #address: string
  readonly #authorization: string
  readonly #signal: AbortSignal
  readonly #patienceMs: number | undefined
  /** Whether anything is answered there any more, while that is asked. */
  #isThere: Promise<boolean> | undefined

  constructor(address: string, trust: Trust, authorization: string, signal: AbortSignal, patienceMs?: number) {
    this.#agent = new PinnedAgent(trust)
    this.#address = address
    this.#authorization = authorization
    this.#signal = signal
    this.#patienceMs = patienceMs
  }

  /** @throws FleetError `SourceUnavailable`, with `details.gone` when nothing else is answered either */
  async get<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
    const { hostname, port } = placeOf(this.#address)
    const where = `https://${hostname}:${port}`
    // Names of nodes are part of a path.
    if (!/^[\w/.-]+(?:\?[\w=&/.-]+)?$/.test(path) || path.includes(".."))
      throw unusable(where, "a name that none of its has")
    const { status, reason, text } = await this.#ask(path, where)
    if (status === 401) throw unusable(where, "the token is refused (401)", status)
    if (status !== 200) throw unusable(where, `HTTP ${status} ${reason}`.trim(), status)
    const answer = schema.safeParse(dataOf(text, where))
    if (answer.success) return answer.data
    const at = answer.error.issues[0]?.path.map(String).join(".") ?? ""
    throw unusable(where, `${path} is not as expected${at === "" ? "" : ` at "${at}"`}`)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** A page may be slow, and all may be: then each of hundreds would be waited for in vain. */
  async #ask(path: string, where: string): Promise<Answer> {
    try {
      return await this.#once(path, where)
    } catch (error) {
      if (!(error instanceof FleetError) || error.details["late"] !== true) throw error
      this.#isThere ??= this.#once("/version", where)
        .then(() => true)
        .catch(() => false)
        .finally(() => (this.#isThere = undefined))
      if (await this.#isThere) throw error
      this.#signal.throwIfAborted()
      throw new FleetError("SourceUnavailable", error.message, {
        details: { ...error.details, gone: true },
        cause: error,
      })
    }
  }

  #once(path: string, where: string): Promise<Answer> {
    const { hostname, port } = placeOf(this.#address)
    const headers = { Authorization: this.#authorization, Accept: "application/json" }
    const options = { hostname, port, path: `/api2/json${path}`, headers, agent: this.#agent }
    return ask(() => https.request(options), where, this.#signal, this.#patienceMs)
  }
}

/** Whether the token does not count any more: then no page says anything. */
function isRefusal({ details }: FleetError): boolean {
  return details["status"] === 401
}

/** Whether nothing more is to be had of it. */
export function endsTheLook(error: FleetError): boolean {
  return isRefusal(error) || error.details["gone"] === true
}

/** What is wrong, without where: the same on each of the cluster's addresses. */
export function reasonOf(error: FleetError): string {
  const { why } = error.details
  return typeof why === "string" ? why : error.message
}

function unusable(where: string, why: string, status?: number): FleetError {
  const said = foreignText(why)
  return new FleetError("SourceUnavailable", `${where}: ${said}`, { details: { why: said, status } })
}

function dataOf(text: string, where: string): unknown {
  try {
    const { data } = JSON.parse(text) as { data: unknown }
    return data
  } catch {
    throw unusable(where, "its answer is not JSON")
  }
}

function placeOf(address: string): { readonly hostname: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(address) ?? []
  return { hostname: bracketed ?? plain ?? address, port: port === undefined ? defaultPort : Number(port) }
}

async function trustOf({ ca, fingerprints }: Access): Promise<Trust> {
  if (fingerprints !== undefined) return { fingerprints }
  if (ca === undefined) return {}
  try {
    return { ca: await fs.readFile(ca, "utf8") }
  } catch (cause) {
    throw new FleetError("SourceUnavailable", `the authority ${ca} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
