import { describe, expect, it } from "vitest"
import { hardwareFacts } from "#discovery/facts/hardware.js"
import { absent, at, denied, machine, recorded } from "./materials.js"

describe("what a machine is made of", () => {
  it("is what its kernel sees", () => {
    expect(hardwareFacts(recorded)).toEqual({
      fields: {
        architecture: "x86_64",
        cpuModel: "AMD EPYC",
        cpuCores: 2,
        memoryMiB: 24_105,
        vendor: null,
        product: null,
        virtualization: "vm-other",
      },
      notLooked: {},
    })
  })

  it.each([
    ["0\n", 1],
    ["0-3,8,10-11\n", 7],
    ["\n", null],
  ])("counts the processors that are online: %j", (online, count) => {
    expect(at(hardwareFacts(machine({ "cpu-online": online })), "cpuCores")).toBe(count)
  })

  it("writes the name of a processor with single spaces", () => {
    // Constructed, after an old Xeon.
    const cpuinfo = "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) CPU           E5620  @ 2.40GHz\n"
    expect(at(hardwareFacts(machine({ cpuinfo })), "cpuModel")).toBe("Intel(R) Xeon(R) CPU E5620 @ 2.40GHz")
  })

  it("names a processor of ARM by its design, which is all that it says of itself", () => {
    expect(at(hardwareFacts(machine({ cpuinfo: raspberryPi4 })), "cpuModel")).toBe("Cortex-A72")
  })

  it("names both kinds of big and little processors, in any order of them", () => {
    const little = raspberryPi4.replaceAll("0xd08", "0xd03")
    const models = [raspberryPi4 + little, little + raspberryPi4].map((cpuinfo) =>
      at(hardwareFacts(machine({ cpuinfo })), "cpuModel"),
    )
    expect(models).toEqual(["Cortex-A53 + Cortex-A72", "Cortex-A53 + Cortex-A72"])
  })

  it("gives the numbers of a design it does not know", () => {
    // Constructed, after an Apple M1 with Asahi Linux.
    const cpuinfo = "CPU implementer\t: 0x61\nCPU part\t: 0x022\n"
    expect(at(hardwareFacts(machine({ cpuinfo })), "cpuModel")).toBe("implementer 0x61, part 0x022")
  })
})

describe("what a machine runs in", () => {
  const inVm = { cpuinfo: "flags\t\t: fpu rdrand hypervisor lahf_lm\n" }
  const onMetal = { cpuinfo: "flags\t\t: fpu rdrand lahf_lm\n" }

  // Constructed after the DMI of each.
  it.each([
    ["QEMU", "Standard PC (i440FX + PIIX, 1996)", "kvm"],
    ["Red Hat", "KVM", "kvm"],
    ["VMware, Inc.", "VMware Virtual Platform", "vmware"],
    ["innotek GmbH", "VirtualBox", "oracle"],
    ["Microsoft Corporation", "Virtual Machine", "microsoft"],
    ["Xen", "HVM domU", "xen"],
    ["Amazon EC2", "t3.micro", "amazon"],
    ["Google", "Google Compute Engine", "google"],
    ["Somebody", "Something", "vm-other"],
  ])("is the hypervisor that its firmware names: %s, %s", (vendor, product, virtualization) => {
    const facts = hardwareFacts(machine({ ...inVm, "dmi-vendor": vendor, "dmi-product": `${product}\n` }))
    expect(at(facts, "virtualization")).toBe(virtualization)
  })

  it("is nothing without the processor's flag, whoever made the hardware", () => {
    for (const [vendor, product] of [
      ["Microsoft Corporation", "Surface Laptop"],
      ["Amazon EC2", "m5.metal"],
      ["Dell Inc.", "PowerEdge R640"],
    ] as const) {
      const facts = hardwareFacts(machine({ ...onMetal, "dmi-vendor": vendor, "dmi-product": product }))
      expect(at(facts, "virtualization")).toBe("none")
    }
  })

  it("is the container before the machine that the container is on", () => {
    expect(at(hardwareFacts(machine({ ...inVm, container: "docker\n" })), "virtualization")).toBe("docker")
  })

  it("is not guessed when nobody could see whether it is a container", () => {
    const { fields, notLooked } = hardwareFacts(machine({ ...inVm, container: denied }))
    expect(fields).not.toHaveProperty("virtualization")
    expect(notLooked).toEqual({ "/hardware/virtualization": "permission denied" })
  })

  it("is what the firmware says where the processor has no flag for it, and unknown without either", () => {
    const pi = hardwareFacts(machine({ cpuinfo: raspberryPi4 }))
    expect(pi.notLooked).toEqual({ "/hardware/virtualization": "neither the processor nor the firmware says" })
    const guest = machine({ cpuinfo: raspberryPi4, "dmi-vendor": "QEMU", "dmi-product": "QEMU Virtual Machine" })
    expect(at(hardwareFacts(guest), "virtualization")).toBe("kvm")
    for (const [vendor, product] of [
      ["HPE", "ProLiant RL300"],
      ["Amazon EC2", "a1.metal"],
    ] as const) {
      const server = machine({ cpuinfo: raspberryPi4, "dmi-vendor": vendor, "dmi-product": product })
      expect(at(hardwareFacts(server), "virtualization")).toBe("none")
    }
  })

  it("is null where there is no processor to ask", () => {
    expect(at(hardwareFacts(machine({ cpuinfo: absent })), "virtualization")).toBeNull()
  })
})

// Constructed, after a Raspberry Pi 4 with a 64-bit kernel.
const raspberryPi4 = `processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

Hardware\t: BCM2835
Revision\t: c03114
Serial\t\t: 10000000a1b2c3d4
Model\t\t: Raspberry Pi 4 Model B Rev 1.4
`
