import { describe, expect, it } from "vitest"
import { identityFacts } from "#discovery/facts/identity.js"
import { securityFacts } from "#discovery/facts/security.js"
import { updatesFacts } from "#discovery/facts/updates.js"
import { absent, at, denied, machine } from "./materials.js"

describe("what protects a machine", () => {
  it("is what is switched on", () => {
    const materials = machine({ firewall: "ufw", selinux: "1", apparmor: "N\n", audit: "running", sshd: absent })
    expect(securityFacts(materials).fields).toEqual({
      firewall: "ufw",
      selinux: "enforcing",
      apparmor: "disabled",
      auditd: "running",
      sshd: null,
      readableKeys: {},
    })
  })

  // From `sshd -T` of OpenSSH 9.2.
  it("includes the settings of its SSH server that are asked for", () => {
    const sshd = "port 2222\nport 22\npermitrootlogin without-password\nhostkey /etc/ssh/x\npasswordauthentication no\n"
    expect(at(securityFacts(machine({ sshd })), "sshd")).toEqual({
      "sshd:port": { value: "22, 2222" },
      "sshd:permitrootlogin": { value: "without-password" },
      "sshd:passwordauthentication": { value: "no" },
    })
  })

  it("is not known where only root may look", () => {
    const { fields, notLooked } = securityFacts(machine({ firewall: denied, sshd: denied }))
    expect(Object.keys(fields ?? {})).toEqual(["selinux", "apparmor", "auditd", "readableKeys"])
    expect(Object.keys(notLooked)).toEqual(["/security/firewall", "/security/sshd"])
  })
})

describe("the keys of an SSH server", () => {
  // Made by ssh-keygen, which prints this fingerprint of it.
  it("are known by their fingerprints", () => {
    const key = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    expect(
      at(identityFacts(machine({ "host-keys": `ssh-ed25519 ${key}\nnonsense\nssh-rsa ???` })), "hostKeys"),
    ).toEqual({
      "hostkey:ssh-ed25519": { fingerprint: "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA" },
    })
  })
})

describe("what an update has left to do", () => {
  it.each([
    ["yes", true],
    ["no", false],
    [absent, null],
  ])("is said by a file of Debian's: %s", (said, rebootRequired) => {
    expect(updatesFacts(machine({ "reboot-required": said })).fields).toMatchObject({ rebootRequired })
  })
})
