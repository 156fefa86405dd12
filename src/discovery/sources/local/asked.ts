/**
 * What takes other programs to know: asked for by the same program that a host elsewhere is sent, so that there is one way of asking.
 * A tree of files has nobody to ask.
 */
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { messageOf } from "#kernel/errors.js"
import type { Material, Materials } from "../../facts/material.js"
import { collectorScript } from "../ssh/collector.js"
import { readAnswer } from "../ssh/frames.js"
import type { Files } from "./files.js"

const names = [
  "rpm-packages",
  "apk-installed",
  "pacman-local",
  "host-keys",
  "sshd",
  "firewall",
  "selinux",
  "apparmor",
  "audit",
  "reboot-required",
] as const
type Asked = Pick<Materials, (typeof names)[number]>

const patienceMs = 60_000

export async function asked(files: Files): Promise<Asked> {
  if (files.locate("/") !== "/") return allOf(() => ({ denied: "only the system that runs can be asked" }))
  try {
    const materials = await answerOfShell(files.signal)
    return allOf((name) => materials[name])
  } catch (error) {
    files.signal.throwIfAborted()
    return allOf(() => ({ denied: messageOf(error) }))
  }
}

async function answerOfShell(signal: AbortSignal): Promise<Materials> {
  const token = randomBytes(16).toString("hex")
  const shell = spawn("sh", ["-s"], { signal, timeout: patienceMs, killSignal: "SIGKILL" })
  const failed = new Promise<never>((_, reject) => void shell.once("error", reject))
  // It may be gone before it has read the program.
  shell.stdin.on("error", () => {})
  shell.stdin.end(collectorScript({ token, only: names }))
  shell.stderr.resume()
  const { materials } = await Promise.race([readAnswer(shell.stdout, token), failed])
  return materials
}

function allOf(materialOf: (name: keyof Asked) => Material): Asked {
  return Object.fromEntries(names.map((name) => [name, materialOf(name)])) as unknown as Asked
}
