/** Who a machine says it is. Only its own files are asked: DNS would say who others take it for, and differently from hour to hour. */
import { type Answer, type Facts, answer, factsOf } from "./answer.js"
import { foreignLine, foreignText } from "./foreign.js"
import { hostKeys } from "./host-keys.js"
import type { Materials } from "./material.js"

export function identityFacts(materials: Materials): Facts {
  const hostname = answer(materials.hostname, foreignLine)
  return factsOf("identity", {
    name: hostname,
    hostname,
    fqdn: fqdn(materials),
    machineId: answer(materials["machine-id"], machineId),
    smbiosUuid: smbiosUuid(materials),
    hostKeys: answer(materials["host-keys"], hostKeys),
  })
}

function fqdn({ hostname, hosts }: Materials): Answer {
  if (!("text" in hostname)) return answer(hostname, foreignLine)
  return answer(hosts, (text) => qualifiedName(hostname.text.trim(), text))
}

/** The dotted name on a line of hosts(5) that also has the host's name, the one that begins with it before any other. */
function qualifiedName(hostname: string, hosts: string): string | null {
  const host = hostname.toLowerCase()
  const dotted: string[] = []
  for (const line of hosts.split("\n")) {
    const [, ...names] = line.replace(/#.*/s, "").trim().split(/\s+/)
    if (names.some((name) => name.toLowerCase() === host)) dotted.push(...names.filter(isQualified))
  }
  const own = dotted.find((name) => name.toLowerCase() === host || name.toLowerCase().startsWith(`${host}.`))
  const found = own ?? dotted[0]
  return found === undefined ? null : foreignText(found)
}

function isQualified(name: string): boolean {
  return name.includes(".") && !name.toLowerCase().startsWith("localhost.")
}

/** machine-id(5): 32 hexadecimal digits; while the system is installed it is empty or says "uninitialized". */
function machineId(text: string): string | null {
  const id = text.trim().toLowerCase()
  return /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id) ? id : null
}

/** What a container can read there is its host's, and would link the two as one machine. */
function smbiosUuid(materials: Materials): Answer {
  const { container } = materials
  if ("text" in container) return { value: null }
  const uuid = answer(materials["smbios-uuid"], presentUuid)
  return "denied" in container && "value" in uuid && uuid.value !== null ? { why: container.denied } : uuid
}

/** DSP0134 §7.2.1: all zeros is "not present", all ones "not set". */
function presentUuid(text: string): string | null {
  const uuid = text.trim().toLowerCase()
  return /^(?:[0-]*|[f-]*)$/.test(uuid) ? null : foreignText(uuid)
}
