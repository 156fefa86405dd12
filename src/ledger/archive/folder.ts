/**
 * The folder with a ledger's archives. A file's name says its range, and which generation it is: a redaction writes the next one. What was being written
 * when the process ended is named so, and becomes the file, or goes, when the folder is opened: whether the ledger counts on it decides.
 */
import * as fs from "node:fs"
import * as path from "node:path"

export interface NamedSegment {
  readonly first: number
  readonly last: number
  readonly generation: number
}

const named = /^(\d+)-(\d+)\.(\d+)\.fla(\.partial)?$/

export class ArchiveFolder {
  readonly path: string

  constructor(folder: string) {
    this.path = folder
  }

  /** Where the file belongs. */
  fileOf({ first, last, generation }: NamedSegment): string {
    return path.join(this.path, `${first}-${last}.${generation}.fla`)
  }

  /** Where it is written, until the ledger counts on it. */
  partialOf(segment: NamedSegment): string {
    fs.mkdirSync(this.path, { recursive: true, mode: 0o700 })
    return `${this.fileOf(segment)}.partial`
  }

  /** The ledger counts on it now: gives it its name, durably, and takes away the generations before. */
  settle(segment: NamedSegment): void {
    const file = this.fileOf(segment)
    if (fs.existsSync(`${file}.partial`)) fs.renameSync(`${file}.partial`, file)
    if (!fs.existsSync(file)) return
    for (const other of this.#files()) {
      if (other.first !== segment.first || other.last !== segment.last) continue
      if (other.isPartial || other.generation < segment.generation) fs.rmSync(other.file, { force: true })
    }
    syncFolder(this.path)
  }

  /** Settles what an earlier process left. @param segments those that the ledger counts on */
  tidy(segments: Iterable<NamedSegment>): void {
    const files = this.#files()
    if (files.length === 0) return
    for (const segment of segments) {
      const ours = files.filter(({ first, last }) => first === segment.first && last === segment.last)
      if (ours.some(({ isPartial, generation }) => isPartial || generation < segment.generation)) this.settle(segment)
    }
    for (const { file, isPartial } of this.#files()) if (isPartial) fs.rmSync(file, { force: true })
  }

  #files(): (NamedSegment & { readonly file: string; readonly isPartial: boolean })[] {
    if (!fs.existsSync(this.path)) return []
    return fs.readdirSync(this.path).flatMap((name) => {
      const [, first, last, generation, partial] = named.exec(name) ?? []
      if (first === undefined) return []
      return [
        {
          first: Number(first),
          last: Number(last),
          generation: Number(generation),
          file: path.join(this.path, name),
          isPartial: partial !== undefined,
        },
      ]
    })
  }
}

/** So that a name that was given there survives a power cut. */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, "r")
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Copies a file under its new name, whole and durable or not at all. */
export function copyDurably(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 })
  const beside = `${to}.copying`
  fs.copyFileSync(from, beside, fs.constants.COPYFILE_FICLONE)
  const fd = fs.openSync(beside, "r+")
  try {
    fs.fchmodSync(fd, 0o600)
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  fs.renameSync(beside, to)
  syncFolder(path.dirname(to))
}
