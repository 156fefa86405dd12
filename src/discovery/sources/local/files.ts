/** Reads what a machine keeps in files, as materials: a file that is not there and one that may not be read are answers, not errors. */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import type { Material, Unread } from "../../facts/material.js"

/** Far beyond what any of these files is; a guard against one that never ends. */
const largest = 64 * 2 ** 20
const firstChunk = 8 * 2 ** 10
const laterChunk = 2 ** 20

export interface Files {
  readonly signal: AbortSignal
  /** The text of a file. */
  read(file: string): Promise<Material>
  /** The last so many bytes of a file. */
  tail(file: string, bytes: number): Promise<Material>
  /** Where a symbolic link points. */
  link(file: string): Promise<Material>
  /** The names in a directory. */
  list(directory: string): Promise<{ readonly names: readonly string[] } | Unread>
  /** Where that is on this machine. */
  locate(file: string): string
}

/** Files below `root`. Every method throws when the signal has been aborted. */
export function filesBelow(root: string, signal: AbortSignal): Files {
  const locate = (file: string) => path.join(root, file)
  const attempt = async <T>(read: () => Promise<T>): Promise<T | Unread> => {
    signal.throwIfAborted()
    try {
      return await read()
    } catch (error) {
      signal.throwIfAborted()
      return unread(error)
    }
  }
  return {
    signal,
    locate,
    read: (file) => attempt(() => readText(locate(file), signal)),
    tail: (file, bytes) => attempt(() => readTail(locate(file), bytes)),
    link: (file) => attempt(async () => ({ text: await fs.readlink(locate(file)) })),
    list: (directory) => attempt(async () => ({ names: await fs.readdir(locate(directory)) })),
  }
}

/** @throws when the error is none of the file system's. */
export function unread(error: unknown): Unread {
  if (!(error instanceof Error) || !("code" in error)) throw error
  switch (error.code) {
    case "ENOENT":
    case "ENOTDIR":
    // A process of /proc that has ended.
    case "ESRCH":
      return { absent: true }
    case "EACCES":
    case "EPERM":
      return { denied: "permission denied" }
    default:
      return { denied: String(error.code) }
  }
}

async function readTail(file: string, bytes: number): Promise<Material> {
  const handle = await fs.open(file)
  try {
    const { size } = await handle.stat()
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, Math.max(size - bytes, 0))
    return { text: buffer.toString("utf8", 0, bytesRead) }
  } finally {
    await handle.close()
  }
}

/** Files of /proc say that they are empty: one reads them to the end to know. */
async function readText(file: string, signal: AbortSignal): Promise<Material> {
  const handle = await fs.open(file)
  try {
    const chunks: Buffer[] = []
    let size = 0
    for (;;) {
      signal.throwIfAborted()
      const chunk = Buffer.allocUnsafe(size === 0 ? firstChunk : laterChunk)
      const { bytesRead } = await handle.read(chunk)
      if (bytesRead === 0) return { text: Buffer.concat(chunks, size).toString("utf8") }
      size += bytesRead
      if (size > largest) return { denied: "longer than 64 MiB" }
      chunks.push(chunk.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
}
