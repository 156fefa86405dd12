/**
 * Whether this is a container, and whose. Whoever can look must not be told otherwise by whoever cannot: where only root could read the
 * answer, the answer is "denied" and not "none".
 */
import type { Material } from "../../facts/material.js"
import type { Files } from "./files.js"

/** The numbers that <linux/nsfs.h> gives to the namespaces the machine has booted with. */
const initialPidNamespace = "pid:[4026531836]"
const initialUtsNamespace = "uts:[4026531838]"

export async function container(files: Files): Promise<Material> {
  const manager = await files.read("/run/systemd/container")
  if ("text" in manager && manager.text.trim() !== "") return manager
  // systemd would have written that file before anything else ran.
  if (!("absent" in (await files.list("/run/systemd/system")))) return { absent: true }
  const inInitialPids = await isInInitialPids(files)
  // An image of a container can be booted as a machine, and then still has the files below.
  if (inInitialPids && (await says(files.link("/proc/self/ns/uts"), initialUtsNamespace))) return { absent: true }
  if ("text" in (await files.read("/run/.containerenv"))) return { text: "podman" }
  if ("text" in (await files.read("/.dockerenv"))) return { text: "docker" }
  const environment = await files.read("/proc/1/environ")
  if (!("text" in environment)) return environment
  const runtime = environment.text.split("\0").find((variable) => variable.startsWith("container="))
  if (runtime !== undefined) return { text: runtime.slice("container=".length) }
  return inInitialPids ? { absent: true } : { text: "container-other" }
}

/** Whether this sees all processes of the machine, and not those of a container only. */
export function isInInitialPids(files: Files): Promise<boolean> {
  return says(files.link("/proc/self/ns/pid"), initialPidNamespace)
}

async function says(material: Promise<Material>, expected: string): Promise<boolean> {
  const given = await material
  return "text" in given && given.text === expected
}
