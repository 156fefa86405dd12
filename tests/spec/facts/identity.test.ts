import { describe, expect, it } from "vitest"
import { identityFacts } from "#discovery/facts/identity.js"
import { absent, at, denied, machine, recorded } from "./materials.js"

const uuid = "4C4C4544-0042-3510-8052-B4C04F4E4732"

describe("who a machine is", () => {
  it("is its hostname and its machine-id", () => {
    expect(identityFacts(recorded)).toEqual({
      fields: {
        name: "vm",
        hostname: "vm",
        fqdn: null,
        machineId: "3d1219c7c4c5404aaa1f6d2a48adfda4",
        smbiosUuid: null,
        hostKeys: null,
      },
      notLooked: {},
    })
  })

  // Constructed: hosts files as Debian's installer, cloud-init and people write them.
  it.each([
    ["127.0.1.1 web1.example.com web1\n", "web1.example.com"],
    ["127.0.1.1\tweb1   web1.example.com # web1.wrong.org\n", "web1.example.com"],
    ["10.0.0.5 www.example.com WEB1 web1.example.com\n", "web1.example.com"],
    ["10.0.0.5 www.example.com web1\n", "www.example.com"],
    ["127.0.0.1 localhost.localdomain localhost web1\n", null],
    ["10.0.0.6 web2.example.com web2\n# 10.0.0.5 web1.example.com web1\n", null],
    ["", null],
  ])("has the full name that /etc/hosts gives to its hostname: %j", (hosts, fqdn) => {
    expect(at(identityFacts(machine({ hostname: "web1\n", hosts })), "fqdn")).toBe(fqdn)
  })

  it.each(["", "uninitialized\n", "\n", "0".repeat(32)])("has no machine-id while that file says %j", (text) => {
    expect(at(identityFacts(machine({ "machine-id": text })), "machineId")).toBeNull()
  })

  it("writes the UUID of SMBIOS in lower case", () => {
    expect(at(identityFacts(machine({ "smbios-uuid": `${uuid}\n` })), "smbiosUuid")).toBe(uuid.toLowerCase())
  })

  it.each(["00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"])(
    "has no UUID when the firmware says %s, which means that nobody has set it",
    (text) => {
      expect(at(identityFacts(machine({ "smbios-uuid": text })), "smbiosUuid")).toBeNull()
    },
  )

  it("does not say that a UUID is missing which only root may read", () => {
    const { fields, notLooked } = identityFacts(machine({ "smbios-uuid": denied }))
    expect(fields).not.toHaveProperty("smbiosUuid")
    expect(notLooked).toEqual({ "/identity/smbiosUuid": "permission denied" })
  })

  it("does not take the UUID of its host for a container's own", () => {
    expect(at(identityFacts(machine({ "smbios-uuid": uuid, container: "lxc" })), "smbiosUuid")).toBeNull()
    expect(identityFacts(machine({ "smbios-uuid": uuid, container: denied })).notLooked).toHaveProperty(
      "/identity/smbiosUuid",
    )
  })

  it("knows no full name where the hostname could not be seen", () => {
    expect(identityFacts(machine({ hostname: denied })).notLooked).toEqual({
      "/identity/name": "permission denied",
      "/identity/hostname": "permission denied",
      "/identity/fqdn": "permission denied",
    })
    expect(at(identityFacts(machine({ hostname: absent })), "fqdn")).toBeNull()
  })
})
