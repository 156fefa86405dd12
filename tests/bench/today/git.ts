/** A file of JSON for each entity, with a field on each line as `git diff` wants it, and a commit a day. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Kept, Way } from "./way.js"

export class Git implements Way {
  readonly name = "git"
  readonly #folder: string
  readonly #commits: string[] = []
  #bytesAtFirst = 0
  #process: ChildProcessWithoutNullStreams | undefined

  constructor(folder: string) {
    this.#folder = folder
    fs.mkdirSync(folder)
    this.#git("init", "-q")
    // What people have by default but for this, which collects at a moment that is ours to choose.
    this.#git("config", "gc.auto", "0")
  }

  async keep({ day, changed, removed }: Parameters<Way["keep"]>[0]): Promise<void> {
    for (const [id, json] of changed) {
      const file = this.#fileOf(id)
      fs.mkdirSync(path.join(this.#folder, path.dirname(file)), { recursive: true })
      fs.writeFileSync(path.join(this.#folder, file), `${JSON.stringify(JSON.parse(json), undefined, 1)}\n`)
    }
    for (const id of removed) fs.rmSync(path.join(this.#folder, this.#fileOf(id)))
    const touched = [...changed.keys(), ...removed].map((id) => this.#fileOf(id))
    execFileSync("git", ["add", "-A", "--pathspec-from-file=-"], { cwd: this.#folder, input: touched.join("\n") })
    this.#git(
      "-c",
      "user.name=bench",
      "-c",
      "user.email=bench@example",
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      `${day}`,
    )
    this.#commits.push(this.#git("rev-parse", "HEAD").trim())
    if (day === 0) {
      this.#git("gc", "-q", "--prune=now")
      this.#bytesAtFirst = this.#bytes()
    }
  }

  async finish(): Promise<void> {
    this.#git("gc", "-q", "--prune=now")
  }

  /** As a program asks that has a process of git's waiting; `git show` is one for each question. */
  async one(id: string, day: number): Promise<number> {
    this.#process ??= spawn("git", ["cat-file", "--batch"], { cwd: this.#folder })
    const { stdin, stdout } = this.#process
    stdin.write(`${this.#commits[day]}:${this.#fileOf(id)}\n`)
    let [text, wanted] = [Buffer.alloc(0), Number.POSITIVE_INFINITY]
    for await (const piece of stdout.iterator({ destroyOnReturn: false })) {
      text = Buffer.concat([text, piece as Buffer])
      const end = text.indexOf(10)
      if (end !== -1) wanted = end + 2 + Number(text.toString("latin1", 0, end).split(" ")[2] ?? 0)
      if (text.length >= wanted || text.includes(" missing\n")) break
    }
    return text.length
  }

  async show(id: string, day: number): Promise<number> {
    return this.#count("show", `${this.#commits[day]}:${this.#fileOf(id)}`)
  }

  everything(day: number): Promise<number> {
    return this.#count("archive", "--format=tar", this.#commits[day] as string)
  }

  async diff(from: number, to: number): Promise<number> {
    const [a, b] = [this.#commits[from] as string, this.#commits[to] as string]
    let files = 0
    const text = await this.#read(["diff", "--no-renames", a, b])
    for (let at = text.indexOf("diff --git "); at !== -1; at = text.indexOf("\ndiff --git ", at + 1)) files++
    return files
  }

  async history(id: string): Promise<number> {
    const text = (await this.#read(["log", "-p", "--format=commit", "--", this.#fileOf(id)])).toString("latin1")
    return text.split("\ndiff --git ").length - 1
  }

  async mark(day: number): Promise<void> {
    this.#git("tag", `day-${day}`, this.#commits[day] as string)
  }

  async kept(): Promise<readonly Kept[]> {
    const [usual, bytesAtFirst] = [this.#bytes(), this.#bytesAtFirst]
    this.#git("gc", "-q", "--aggressive", "--prune=now")
    return [
      { bytes: usual, bytesAtFirst, how: "after gc" },
      { bytes: this.#bytes(), bytesAtFirst: undefined, how: "after gc --aggressive" },
    ]
  }

  async close(): Promise<void> {
    this.#process?.kill()
  }

  /** Not too many in a folder, as whoever has so many does. */
  #fileOf(id: string): string {
    return `${id.slice(0, 2)}/${id}.json`
  }

  #git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.#folder, encoding: "utf8" })
  }

  async #count(...args: string[]): Promise<number> {
    let length = 0
    for await (const piece of spawn("git", args, { cwd: this.#folder }).stdout) length += (piece as Buffer).length
    return length
  }

  async #read(args: readonly string[]): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of spawn("git", args, { cwd: this.#folder }).stdout) pieces.push(piece as Buffer)
    return Buffer.concat(pieces)
  }

  #bytes(): number {
    const sizes = fs.readdirSync(path.join(this.#folder, ".git"), { recursive: true, withFileTypes: true })
    return sizes
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0)
  }
}
