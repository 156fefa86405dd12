/**
 * How full the file systems are. A server that has gone leaves a call to its file system waiting for ever, and with it one of the few
 * threads that Node has for files: so remote ones are asked one after the other, and none while one of them has not answered.
 */
import type { StatsFs } from "node:fs"
import * as fs from "node:fs/promises"
import * as timers from "node:timers/promises"
import type { Material } from "../../facts/material.js"
import { type Mount, isRemote, realMounts } from "../../facts/mounts.js"
import { type Files, unread } from "./files.js"

export type StatfsReader = (files: Files, mounts: Material) => Promise<Material>

/** Blocks of a size, in all, free and available; `?` for what could not be seen, and why. Nothing for what is not a directory. */
type Reply = { readonly words: string; readonly why?: string } | undefined

type Statfs = (path: string) => Promise<StatsFs>

export interface StatfsOptions {
  readonly statfs?: Statfs
  /** How long a remote file system may take. */
  readonly patienceMs?: number
}

/** A reader that remembers, from one look to the next, the call that is still waiting. */
export function statfsReader({ statfs = fs.statfs, patienceMs = 2_000 }: StatfsOptions = {}): StatfsReader {
  let waiting: Promise<Reply> | undefined

  async function askRemote(files: Files, mount: Mount): Promise<Reply> {
    if (waiting !== undefined) return noAnswer
    const asked = ask(statfs, files, mount).finally(() => {
      waiting = undefined
    })
    waiting = asked
    return Promise.race([asked, timers.setTimeout(patienceMs, noAnswer, { signal: files.signal, ref: false })])
  }

  return async (files, mounts) => {
    if (!("text" in mounts)) return mounts
    const lines: string[] = []
    const reasons = new Set<string>()
    for (const mount of realMounts(mounts.text)) {
      files.signal.throwIfAborted()
      const reply = await (isRemote(mount.type) ? askRemote(files, mount) : ask(statfs, files, mount))
      if (reply === undefined) continue
      lines.push(`${reply.words} ${mount.escaped}`)
      if (reply.why !== undefined) reasons.add(reply.why)
    }
    return { text: lines.join("\n"), ...(reasons.size === 0 ? {} : { partial: [...reasons].sort().join("; ") }) }
  }
}

const noAnswer: Reply = { words: "? ? ? ?", why: "a remote file system does not answer" }

async function ask(statfs: Statfs, files: Files, mount: Mount): Promise<Reply> {
  try {
    // Only a directory has a `.`.
    const { bsize, blocks, bfree, bavail } = await statfs(`${files.locate(mount.mountPoint)}/.`)
    const counts = `${blocks} ${bfree} ${bavail}`
    if (!mount.type.startsWith("fuse.")) return { words: `${bsize} ${counts}` }
    return { words: `? ${counts}`, why: "FUSE counts in fragments, whose size is not known" }
  } catch (error) {
    const failure = unread(error)
    return "denied" in failure ? { words: "? ? ? ?", why: failure.denied } : undefined
  }
}
