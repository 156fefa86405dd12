/**
 * What takes other programs to know: asked for by the same program that a host elsewhere is sent, so that there is one way of asking.
 * A tree of files has nobody to ask.
 */
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { messageOf } from "#kernel/errors.js"
import { type Material, type Materials, askedMaterials } from "../../facts/material.js"
import { collectorScript } from "../ssh/collector.js"
import { type Answer, type Remembered, knownOf, readAnswer } from "../ssh/frames.js"
import type { Files } from "./files.js"

type Asked = Pick<Materials, (typeof askedMaterials)[number]>

const patienceMs = 60_000

export type Asker = (files: Files) => Promise<Asked>

/** One that remembers, from one look to the next, what need not be asked again. */
export function asker(): Asker {
  let remembered: Remembered | undefined
  return async (files) => {
    if (files.locate("/") !== "/") return allOf(() => ({ denied: "only the system that runs can be asked" }))
    try {
      const answer = await answerOfShell(files.signal, remembered)
      remembered = answer.remembered
      return allOf((name) => answer.materials[name])
    } catch (error) {
      files.signal.throwIfAborted()
      return allOf(() => ({ denied: messageOf(error) }))
    }
  }
}

async function answerOfShell(signal: AbortSignal, remembered: Remembered | undefined): Promise<Answer> {
  const token = randomBytes(16).toString("hex")
  const shell = spawn("sh", ["-s"], { signal, timeout: patienceMs, killSignal: "SIGKILL" })
  const failed = new Promise<never>((_, reject) => void shell.once("error", reject))
  // It may be gone before it has read the program.
  shell.stdin.on("error", () => {})
  shell.stdin.end(collectorScript({ token, only: askedMaterials, ...(remembered && { known: knownOf(remembered) }) }))
  shell.stderr.resume()
  return Promise.race([readAnswer(shell.stdout, token, { remembered }), failed])
}

function allOf(materialOf: (name: keyof Asked) => Material): Asked {
  return Object.fromEntries(askedMaterials.map((name) => [name, materialOf(name)])) as unknown as Asked
}
