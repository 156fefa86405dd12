/**
 * What proves to a host who asks: keys of the agent, then keys from files, in the order in which ssh tries them. A password is never sent, and nobody is asked.
 * What cannot be used is told, as it is wanted when the host refuses the rest; no key and no passphrase is in what is told.
 */
import * as fs from "node:fs/promises"
import { FleetError, messageOf } from "#kernel/errors.js"
import type { AgentAuthMethod, BaseAgent, ParsedKey, PublicKeyAuthMethod } from "ssh2"
import type { Destination } from "./resolve.js"

export interface Identities {
  readonly methods: readonly (AgentAuthMethod | PublicKeyAuthMethod)[]
  /** What they are, for sentences. */
  readonly names: readonly string[]
  /** What could not be used and why, each half a sentence. */
  readonly troubles: readonly string[]
}

/** @throws FleetError `InvalidConfig` */
export type ReadSecret = (reference: string) => string

/** Larger than any key; a guard against a file that is something else. */
const largest = 64 * 2 ** 10

export class Keyring {
  readonly #secret: ReadSecret
  /** Opening an encrypted key is made to take long: it is done once, as long as the file is the same. */
  readonly #opened = new Map<string, ParsedKey>()

  constructor(secret: ReadSecret) {
    this.#secret = secret
  }

  /** @throws FleetError `SourceUnavailable` if there are none */
  async identities(destination: Destination): Promise<Identities> {
    const { alias, user: username, agent: socket, identityFiles, identitiesOnly } = destination
    const troubles: string[] = []
    const files: { readonly file: string; readonly key: ParsedKey }[] = []
    const named = new Set<string>()
    for (const file of identityFiles) {
      const key = await this.#key(file, destination)
      if (typeof key !== "string") files.push({ file, key })
      else if (key !== "") troubles.push(key)
      const half = typeof key === "string" ? await publicHalf(file) : key
      if (half !== undefined) named.add(idOf(half))
    }

    const methods: (AgentAuthMethod | PublicKeyAuthMethod)[] = []
    const names: string[] = []
    const inAgent = new Set<string>()
    if (socket !== undefined) {
      const agent = await agentAt(socket, (id) => named.has(id), identitiesOnly)
      if (typeof agent === "string") troubles.push(agent)
      else if (agent.ids.length > 0) {
        for (const id of agent.ids) inAgent.add(id)
        methods.push({ type: "agent", username, agent: agent.agent })
        names.push(agent.ids.length === 1 ? "a key of the agent" : `${agent.ids.length} keys of the agent`)
      }
    }
    for (const { file, key } of files.filter((each) => !inAgent.has(idOf(each.key)))) {
      methods.push({ type: "publickey", username, key })
      names.push(file)
    }
    if (methods.length > 0) return { methods, names, troubles }
    const why = troubles.length === 0 ? "none is configured and the agent has none" : troubles.join("; ")
    throw new FleetError("SourceUnavailable", `there is no key to prove to ${alias} who asks: ${why}`, {
      details: { host: alias },
    })
  }

  /** @returns the key, or why there is none; nothing if nobody expects that there is */
  async #key(file: string, { identitiesNamed, passphrase }: Destination): Promise<ParsedKey | string> {
    let text: Buffer
    let state: string
    try {
      const { size, mtimeMs } = await fs.stat(file)
      if (size > largest) return `${file} is not a private key`
      state = JSON.stringify([file, size, mtimeMs, passphrase])
      const opened = this.#opened.get(state)
      if (opened !== undefined) return opened
      text = await fs.readFile(file)
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error
      if (error.code !== "ENOENT") return `${file} cannot be read: ${String(error.code)}`
      return identitiesNamed ? `${file} is not there` : ""
    }
    const key = await this.#open(file, text, passphrase)
    if (typeof key !== "string") this.#opened.set(state, key)
    return key
  }

  async #open(file: string, text: Buffer, passphrase: string | undefined): Promise<ParsedKey | string> {
    const open = await parser()
    const plain = open(text)
    if (typeof plain !== "string")
      return plain.isPrivateKey() ? plain : `${file} is a public key, where the private one is wanted`
    if (!/encrypted/i.test(plain)) {
      return /unsupported.*(?:type|cipher|kdf)/i.test(plain)
        ? `${file} is a key of a kind that is not supported`
        : `${file} is not a private key`
    }
    if (passphrase === undefined) return `${file} is encrypted, and no passphrase is configured for it`
    let secret: string
    try {
      secret = this.#secret(passphrase)
    } catch (error) {
      return `${file} is encrypted, and ${messageOf(error)}`
    }
    const key = open(text, secret)
    return typeof key === "string" ? `${file} does not open with the passphrase in ${passphrase}` : key
  }
}

type Parser = (text: Buffer, passphrase?: string) => ParsedKey | string

/** Reads a key, or says in the library's words why not. */
async function parser(): Promise<Parser> {
  const { utils } = (await import("ssh2")).default
  return (text, passphrase) => {
    try {
      const key = utils.parseKey(text, passphrase)
      return key instanceof Error ? key.message : key
    } catch (error) {
      return messageOf(error)
    }
  }
}

/** What tells which key of the agent a file means, if the file itself cannot be opened, or is the public half. */
async function publicHalf(file: string): Promise<ParsedKey | undefined> {
  const open = await parser()
  for (const candidate of [`${file}.pub`, file]) {
    try {
      const key = open(await fs.readFile(candidate))
      if (typeof key !== "string") return key
    } catch {
      // It need not be there.
    }
  }
  return undefined
}

/** The agent with the keys that it is to offer: those that files name in front, or they alone. */
async function agentAt(
  socket: string,
  isNamed: (id: string) => boolean,
  namedOnly: boolean,
): Promise<{ readonly agent: BaseAgent; readonly ids: readonly string[] } | string> {
  const { createAgent, utils } = (await import("ssh2")).default
  const agent = createAgent(socket)
  const there = await new Promise<readonly unknown[] | undefined>((resolve) => {
    agent.getIdentities((error, keys) => resolve(error ? undefined : keys))
  })
  if (there === undefined) return `the agent at ${socket} does not answer`
  const keys = there.flatMap((each) => {
    const key = utils.parseKey(each as ParsedKey)
    return key instanceof Error ? [] : [key]
  })
  const [first, rest] = [keys.filter((key) => isNamed(idOf(key))), keys.filter((key) => !isNamed(idOf(key)))]
  const offered = namedOnly ? first : [...first, ...rest]
  agent.getIdentities = (answer) => answer(undefined, offered)
  return { agent, ids: offered.map(idOf) }
}

function idOf(key: ParsedKey): string {
  return key.getPublicSSH().toString("base64")
}
