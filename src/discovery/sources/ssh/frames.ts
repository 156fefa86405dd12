/**
 * The collector's answer, read strictly. A host may be anything, so what it says is bounded in every direction and anything out of
 * format makes the look fail: half an answer must not be taken for one.
 */
import { createHash } from "node:crypto"
import { FleetError } from "#kernel/errors.js"
import { foreignText } from "../../facts/foreign.js"
import { type Material, type MaterialName, type Materials, materialNames } from "../../facts/material.js"
import type { Known } from "./collector.js"
import { type Lasting, heldWords, lastingAfter, nothingLasts } from "./lasting.js"
import { largestAnswer, largestNoise, largestText, longestReason, worthRemembering } from "./limits.js"
import { type SocketsHeld, socketsAfter, socketsAt, textHeld } from "./sockets-held.js"

/** What is kept of an answer for the next look. */
export interface Remembered {
  /** The texts that are worth it. */
  readonly texts: ReadonlyMap<MaterialName, { readonly digest: string; readonly text: string }>
  readonly lasting: Lasting
  readonly sockets?: SocketsHeld | undefined
}

export interface Answer {
  readonly materials: Materials
  /** `root`, `root by sudo` or `user:<name>`. */
  readonly rights: string
  readonly remembered: Remembered
}

const nothing: Remembered = { texts: new Map(), lasting: nothingLasts }

/** What to tell the collector of what is remembered. */
export function knownOf({ texts, lasting, sockets }: Remembered, now: number = Date.now()): Known {
  const { listeners = "", holders = "" } = socketsAt(sockets, now) ?? {}
  const digests = new Map([...texts].map(([name, { digest }]) => [name, digest]))
  return { digests, terms: lasting.terms, held: heldWords(lasting, now), listeners, holders }
}

/** Whether an answer that ends so is whole. */
export function endsAnswer(end: string, token: string): boolean {
  return new RegExp(`(?:^|\\n)#${token} end \\d{1,9}\\n$`).test(end)
}

export interface Reading {
  /** What the collector was told of, by `knownOf` at `now`. */
  readonly remembered?: Remembered | undefined
  /** Milliseconds since 1970. */
  readonly now?: number
  /** Of its lifetime, that what lasts is given. */
  readonly share?: number
}

/** What a host says its answers hold under, besides the materials. */
const termNames = ["terms", "listeners", "holders"] as const

/** @throws FleetError `SourceUnavailable` for anything but a whole answer. What comes before its first frame is a login shell's, and skipped. */
export async function readAnswer(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  token: string,
  { remembered = nothing, now = Date.now(), share = 1 }: Reading = {},
): Promise<Answer> {
  const { texts, lasting } = remembered
  const sockets = socketsAt(remembered.sockets, now)
  const bytes = new Bytes(await gathered(chunks))
  const rights = beginning(bytes, token)
  const answered = new Map<MaterialName, Material>()
  const next = new Map<MaterialName, { digest: string; text: string }>()
  const terms = new Map<(typeof termNames)[number], Material>()
  const told = { terms: lasting.terms, listeners: sockets?.listeners, holders: sockets?.holders }
  for (let frames = 1; ; frames++) {
    const [name = "", state, ...words] = bytes.line(`#${token} `).split(" ")
    if (name === "end") {
      if (state !== String(frames)) throw refused("its frames are not as many as it says")
      bytes.end()
      break
    }
    const term = termNames.find((each) => each === name)
    if (term !== undefined && !terms.has(term)) {
      terms.set(term, read(bytes, told[term] || undefined, state, words).material)
      continue
    }
    if (!isMaterial(name) || answered.has(name)) throw refused("it has a frame that was not asked for")
    const { material, text } = read(bytes, texts.get(name)?.text ?? textHeld(sockets, name), state, words)
    answered.set(name, material)
    if (text !== undefined && text.length >= worthRemembering && "text" in material)
      next.set(name, { digest: createHash("sha256").update(text).digest("hex"), text: material.text })
    else if (state === "same") carry(texts, next, name)
  }
  const under = terms.get("terms")
  const after = under !== undefined && "text" in under ? under.text : ""
  const held = [...lasting.materials].filter(
    ([name, { until }]) => after === lasting.terms && until > now && !answered.has(name),
  )
  for (const [name] of held) carry(texts, next, name)
  const materials: Materials = {
    ...unanswered,
    ...Object.fromEntries(held.map(([name, { material }]) => [name, material])),
    ...Object.fromEntries(answered),
  }
  const said = { listeners: terms.get("listeners"), holders: terms.get("holders") }
  return {
    materials,
    rights,
    remembered: {
      texts: next,
      lasting: lastingAfter(after, answered, new Map(held), now, share),
      sockets: socketsAfter(said, materials, sockets, now, share),
    },
  }
}

const unanswered = Object.fromEntries(
  materialNames.map((name) => [name, { denied: "the collector did not answer it" }]),
) as Record<MaterialName, Material>

function isMaterial(name: string): name is MaterialName {
  return (materialNames as readonly string[]).includes(name)
}

function carry(
  from: Remembered["texts"],
  to: Map<MaterialName, { digest: string; text: string }>,
  name: MaterialName,
): void {
  const kept = from.get(name)
  if (kept !== undefined) to.set(name, kept)
}

function read(bytes: Bytes, before: string | undefined, state: string | undefined, words: readonly string[]) {
  if (state === "absent" && words.length === 0) return { material: { absent: true } as const }
  if (state === "denied") return { material: { denied: foreignText(words.join(" ")) || "no reason was given" } }
  if (state === "same" && words.length === 0 && before !== undefined) return { material: { text: before } }
  const [length = "", ...why] = words
  if (!/^\d{1,8}$/.test(length) || Number(length) > largestText) throw refused("it has a frame of no length")
  if (state === "text" && why.length === 0) {
    const text = bytes.take(Number(length))
    return { material: { text: text.toString("utf8") }, text }
  }
  if (state === "partial" && why.length > 0)
    return { material: { text: bytes.take(Number(length)).toString("utf8"), partial: foreignText(why.join(" ")) } }
  throw refused("it has a frame of no kind")
}

async function gathered(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > largestAnswer) throw refused("it does not end")
    all.push(chunk)
  }
  return Buffer.concat(all, size)
}

function beginning(bytes: Bytes, token: string): string {
  const rights = bytes.after(`#${token} begin `)
  if (!/^(?:root|root by sudo|user:.+)$/.test(rights)) throw refused("it does not say with what rights it looked")
  return foreignText(rights)
}

function refused(why: string): FleetError {
  return new FleetError("SourceUnavailable", `the host's answer cannot be used: ${why}`)
}

const lineEnd = 0x0a

class Bytes {
  readonly #all: Buffer
  #at = 0

  constructor(all: Buffer) {
    this.#all = all
  }

  /** The rest of the first line that begins with these words. */
  after(words: string): string {
    const begin = this.#all.subarray(0, largestNoise).indexOf(words)
    if (begin === -1) throw refused("it does not begin")
    this.#at = begin
    return this.line(words)
  }

  /** The rest of this line, which has to begin with these words. */
  line(words: string): string {
    const longest = words.length + 2 * longestReason
    const end = this.#all.subarray(this.#at, this.#at + longest).indexOf(lineEnd)
    const line = end === -1 ? "" : this.#all.toString("utf8", this.#at, this.#at + end)
    if (!line.startsWith(words)) throw refused("it is cut off or out of format")
    this.#at += end + 1
    return line.slice(words.length)
  }

  /** So many bytes and the line end behind them. */
  take(length: number): Buffer {
    const end = this.#at + length
    if (this.#all[end] !== lineEnd) throw refused("it is cut off or out of format")
    const taken = this.#all.subarray(this.#at, end)
    this.#at = end + 1
    return taken
  }

  /** Nothing more may come. */
  end(): void {
    if (this.#at !== this.#all.length) throw refused("it goes on after its end")
  }
}
