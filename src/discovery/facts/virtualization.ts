/** What a machine runs in: a container's runtime, else a hypervisor, else nothing. The names are those of systemd-detect-virt(1). */
import { type Answer, answer } from "./answer.js"
import { foreignLine } from "./foreign.js"
import type { Material, Materials } from "./material.js"

/** How the firmware of a virtual machine names it: DMI's vendor and product, a line each. */
const firmware: readonly (readonly [RegExp, string])[] = [
  [/^Amazon EC2|^Firecracker/im, "amazon"],
  [/^Google Compute Engine/im, "google"],
  [/^VMware/im, "vmware"],
  [/^VirtualBox|^innotek/im, "oracle"],
  // Hardware of theirs has the same vendor.
  [/^Microsoft Corporation\nVirtual Machine/i, "microsoft"],
  [/^Xen|^HVM domU/im, "xen"],
  [/^Parallels/im, "parallels"],
  [/^bhyve/im, "bhyve"],
  [/^Apple Virtualization/im, "apple"],
  [/^Bochs/im, "bochs"],
  [/^QEMU|^KVM|^OpenStack|^KubeVirt|^Standard PC/im, "kvm"],
]

export function virtualization(materials: Materials): Answer {
  const container = answer(materials.container, foreignLine)
  if (!("value" in container) || container.value !== null) return container
  const { cpuinfo } = materials
  if (!("text" in cpuinfo)) return answer(cpuinfo, foreignLine)
  const vendor = materials["dmi-vendor"]
  const product = materials["dmi-product"]
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo.text)?.[1]
  if (flags === undefined) return byFirmwareAlone(vendor, product)
  if (!/\shypervisor(?:\s|$)/.test(flags)) return { value: "none" }
  return { value: hypervisor(vendor, product) ?? "vm-other" }
}

/** Only x86 has a flag for it. Elsewhere a hypervisor that keeps its name to itself cannot be told from none. */
function byFirmwareAlone(vendor: Material, product: Material): Answer {
  const named = hypervisor(vendor, product)
  if (named !== undefined) return { value: named }
  return "text" in vendor ? { value: "none" } : { why: "neither the processor nor the firmware says" }
}

function hypervisor(vendor: Material, product: Material): string | undefined {
  const names = [vendor, product].map((material) => ("text" in material ? material.text.trim() : "")).join("\n")
  // EC2 sells whole machines too, under the same vendor.
  return names.endsWith(".metal") ? undefined : firmware.find(([pattern]) => pattern.test(names))?.[1]
}
