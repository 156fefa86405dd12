/** The network interfaces and their IPv4 addresses, without iproute2. */
import * as os from "node:os"
import { isGuestInterface } from "../../facts/interfaces.js"
import type { Material } from "../../facts/material.js"
import type { Files } from "./files.js"

const attributes = ["address", "mtu", "operstate", "statistics/rx_bytes", "statistics/tx_bytes"] as const

export async function interfaces(files: Files): Promise<Material> {
  const found = await files.list("/sys/class/net")
  if (!("names" in found)) return found
  const lines: string[] = []
  for (const name of found.names) {
    if (isGuestInterface(name)) continue
    const words: string[] = []
    for (const attribute of attributes) words.push(await word(files, `/sys/class/net/${name}/${attribute}`))
    // `bonding_masters` is a file among them, and an interface may have gone in between.
    if (words.some((value) => value !== "-")) lines.push([name, ...words].join(" "))
  }
  return { text: lines.join("\n") }
}

async function word(files: Files, file: string): Promise<string> {
  const material = await files.read(file)
  if ("text" in material) return material.text.trim() || "-"
  return "absent" in material ? "-" : "?"
}

/** The C library's list leaves out interfaces that are not running. */
export function addresses(): Material {
  const lines: string[] = []
  for (const [label, list] of Object.entries(os.networkInterfaces())) {
    // The label of a second address may be `eth0:1`.
    const name = label.replace(/:.*/, "")
    for (const { family, cidr } of list ?? []) {
      if (family === "IPv4" && cidr !== null) lines.push(`${name} ${cidr}`)
    }
  }
  return { text: lines.join("\n"), partial: "addresses of an interface without link are not listed" }
}
