/** What a machine is made of, as its kernel sees it. */
import { type Facts, answer, factsOf } from "./answer.js"
import { foreignCount, foreignLine, foreignText } from "./foreign.js"
import type { Materials } from "./material.js"
import { virtualization } from "./virtualization.js"

export function hardwareFacts(materials: Materials): Facts {
  return factsOf("hardware", {
    architecture: answer(materials.architecture, foreignLine),
    cpuModel: answer(materials.cpuinfo, cpuModel),
    cpuCores: answer(materials["cpu-online"], processors),
    memoryMiB: answer(materials.meminfo, (text) => {
      const total = memoryKiB(text, "MemTotal")
      return total === null ? null : Math.floor(total / 1024)
    }),
    vendor: answer(materials["dmi-vendor"], foreignLine),
    product: answer(materials["dmi-product"], foreignLine),
    virtualization: virtualization(materials),
  })
}

/** A line of /proc/meminfo, in KiB. */
export function memoryKiB(meminfo: string, field: string): number | null {
  return foreignCount(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(meminfo)?.[1])
}

/** Names of ARM's own designs that servers and small boards have, by implementer and part (the MIDR register). */
const armCores: Readonly<Record<string, string>> = {
  "0x41 0xd03": "Cortex-A53",
  "0x41 0xd05": "Cortex-A55",
  "0x41 0xd08": "Cortex-A72",
  "0x41 0xd0b": "Cortex-A76",
  "0x41 0xd0c": "Neoverse-N1",
  "0x41 0xd40": "Neoverse-V1",
  "0x41 0xd49": "Neoverse-N2",
  "0x41 0xd4f": "Neoverse-V2",
}

/** The name of the processor, or of both kinds where there are big and little ones. */
function cpuModel(cpuinfo: string): string | null {
  const models = new Set<string>()
  let implementer = ""
  for (const line of cpuinfo.split("\n")) {
    const [, key = "", value = ""] =
      /^(model name|cpu model|cpu|uarch|CPU implementer|CPU part)\s*:\s*(.*)$/.exec(line) ?? []
    if (key === "CPU implementer") implementer = value.trim()
    else if (key === "CPU part") {
      const part = `${implementer} ${value.trim()}`
      models.add(armCores[part] ?? `implementer ${implementer}, part ${value.trim()}`)
    } else if (value !== "") models.add(value.trim().replaceAll(/\s+/g, " "))
  }
  return models.size === 0 ? null : foreignText([...models].sort().join(" + "))
}

/** How many are in a list like `0-3,5`. */
function processors(online: string): number | null {
  let count = 0
  for (const range of online.trim().split(",")) {
    const [, first, last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(range) ?? []
    if (first === undefined) return null
    count += Math.max(0, Number(last) - Number(first) + 1)
  }
  return count
}
