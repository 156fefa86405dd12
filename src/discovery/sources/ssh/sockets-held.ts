/**
 * The sockets that listen and their owners, which hold while the same sockets listen and all of them are held by the same processes: the collector is told both. That
 * a process became another program of the same name, or one with a lower number holds the socket too, is found within the hour.
 */
import type { Material, MaterialName, Materials } from "../../facts/material.js"
import { canBeTold } from "./lasting.js"

const lifetime = 3_600_000

const names = ["tcp", "tcp6", "socket-owners"] as const satisfies readonly MaterialName[]

export interface SocketsHeld {
  /** What ss(8) said, or nothing where it was not asked. */
  readonly listeners: string
  /** The ports with certificates, then a line a socket. */
  readonly holders: string
  readonly materials: Pick<Materials, (typeof names)[number]>
  /** Milliseconds since 1970. */
  readonly until: number
}

/** What of it still holds at `now`. */
export function socketsAt(held: SocketsHeld | undefined, now: number): SocketsHeld | undefined {
  return held !== undefined && held.until > now ? held : undefined
}

/** The text that `same` stands for. */
export function textHeld(held: SocketsHeld | undefined, name: MaterialName): string | undefined {
  const one = names.find((each) => each === name)
  return one === undefined ? undefined : textOf(held?.materials[one])
}

/**
 * What holds after an answer.
 * @param before what the collector was told
 * @param share of its lifetime that it is given, unless it is what was before
 */
export function socketsAfter(
  said: { readonly listeners: Material | undefined; readonly holders: Material | undefined },
  materials: Materials,
  before: SocketsHeld | undefined,
  now: number,
  share: number,
): SocketsHeld | undefined {
  const holders = textOf(said.holders) ?? ""
  const listeners = textOf(said.listeners) ?? ""
  const { tcp, tcp6, "socket-owners": owners } = materials
  if (!canBeTold(holders) || "denied" in tcp || "denied" in tcp6) return undefined
  if (!("text" in owners) || owners.partial !== undefined) return undefined
  const until = before?.holders === holders ? before.until : now + lifetime * share
  return {
    listeners: canBeTold(listeners) ? listeners : "",
    holders,
    materials: { tcp, tcp6, "socket-owners": owners },
    until,
  }
}

function textOf(material: Material | undefined): string | undefined {
  return material !== undefined && "text" in material ? material.text : undefined
}
