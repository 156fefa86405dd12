/** Security findings, rule by rule: what is found, how severe it is, and on which field it rests. */
import { describe, expect, it } from "vitest"
import type { ServiceDocument } from "#events/facets/service.js"
import { type TargetDocument, targetDocument } from "#events/facets/target.js"
import { type Instant } from "#kernel/clock.js"
import { findingsOfService, findingsOfTarget } from "#projections/security/findings.js"

const time = "2026-11-20T00:00:00.000Z" as Instant
const fortnight = 14 * 86_400_000
const sockets = {
  "tcp:22": { port: 22, address: "*", process: "sshd" },
  "tcp:127.0.0.1:53": { port: 53, address: "127.0.0.1" },
}
const certificate = (notAfter: string, selfSigned = false) => ({
  certificates: { "cert:443": { notAfter, selfSigned } },
})
const sshd = (setting: string, value: string) => ({ security: { sshd: { [`sshd:${setting}`]: { value } } } })

describe("of a machine", () => {
  const table: [string, Partial<TargetDocument>, string[]][] = [
    ["nothing is known", {}, []],
    [
      "it listens to everybody, and has no firewall",
      { sockets, security: { firewall: null } },
      ["warning open-without-firewall /sockets/tcp:22"],
    ],
    ["it listens to everybody behind one", { sockets, security: { firewall: "nftables" } }, []],
    ["nobody has looked for a firewall", { sockets, security: {} }, []],
    [
      "a certificate has ended",
      certificate("2026-11-19T00:00:00Z"),
      ["critical certificate-ended /certificates/cert:443"],
    ],
    [
      "a certificate ends soon",
      certificate("2026-11-25T00:00:00Z"),
      ["warning certificate-ending /certificates/cert:443"],
    ],
    [
      "a certificate is its own issuer's",
      certificate("2027-11-25T00:00:00Z", true),
      ["notice self-signed-certificate /certificates/cert:443"],
    ],
    [
      "versions of TLS are spoken that are known to be weak",
      { certificates: { "cert:443": { tls: { "tls:1.1": { spoken: true }, "tls:1.2": { spoken: true } } } } },
      ["warning old-tls /certificates/cert:443"],
    ],
    [
      "they are not",
      { certificates: { "cert:443": { tls: { "tls:1.0": { spoken: false }, "tls:1.3": { spoken: true } } } } },
      [],
    ],
    ["root may log in", sshd("permitrootlogin", "yes"), ["warning sshd-setting /security/sshd/sshd:permitrootlogin"]],
    ["root may log in with a key", sshd("permitrootlogin", "prohibit-password"), []],
    [
      "no password is one",
      sshd("permitemptypasswords", "yes"),
      ["critical sshd-setting /security/sshd/sshd:permitemptypasswords"],
    ],
    [
      "passwords are taken",
      sshd("passwordauthentication", "yes"),
      ["warning sshd-setting /security/sshd/sshd:passwordauthentication"],
    ],
    ["X11 is forwarded", sshd("x11forwarding", "yes"), ["notice sshd-setting /security/sshd/sshd:x11forwarding"]],
    [
      "it shows another host key",
      { access: { offeredHostKey: "SHA256:x" } },
      ["critical host-key-changed /access/offeredHostKey"],
    ],
    [
      "updates for security are pending",
      { updates: { pending: { "pkg:openssl": { version: "3", security: true } } } },
      ["warning security-updates /updates/pending"],
    ],
    ["other updates are pending", { updates: { pending: { "pkg:vim": { version: "9", security: null } } } }, []],
    ["it is to be booted", { updates: { rebootRequired: true } }, ["notice reboot-required /updates/rebootRequired"]],
    [
      "it is vulnerable",
      { security: { vulnerabilities: { grype: { critical: 0, high: 3 } } } },
      ["warning vulnerabilities /security/vulnerabilities/grype"],
    ],
    [
      "it is vulnerable to the worst",
      { security: { vulnerabilities: { trivy: { critical: 1, high: 0 } } } },
      ["critical vulnerabilities /security/vulnerabilities/trivy"],
    ],
    [
      "a key may be read by anybody",
      { security: { readableKeys: { "key:/etc/ssl/private/web.key": {} } } },
      ["critical readable-key /security/readableKeys/key:~1etc~1ssl~1private~1web.key"],
    ],
    [
      "nothing is watched",
      { security: { auditd: "stopped", selinux: "permissive" } },
      ["notice audit-stopped /security/auditd", "notice selinux-permissive /security/selinux"],
    ],
  ]
  it.each(table)("when %s", (_, document, expected) => {
    targetDocument.parse({ lifecycle: "observed", ...document })
    const found = findingsOfTarget(document, time, fortnight)
    expect(found.map(({ rule, severity, path }) => `${severity} ${rule} ${path}`)).toStrictEqual(expected)
  })
})

describe("of a container", () => {
  type Container = NonNullable<ServiceDocument["container"]>
  const mount = (source: string) => ({ mounts: { "mount:/run/docker.sock": { type: "bind", source, readOnly: true } } })
  const table: [string, Container, string[]][] = [
    ["it is privileged", { privileged: true }, ["critical privileged-container /container/privileged"]],
    [
      "it holds the engine's socket",
      mount("/var/run/docker.sock"),
      ["critical docker-socket /container/mounts/mount:~1run~1docker.sock"],
    ],
    ["it holds another", mount("/srv/mydocker.sock.d"), []],
    ["its image has no tag", { image: "registry.lan:5000/shop/web" }, ["warning moving-tag /container/image"]],
    ["its image is the latest", { image: "nginx:latest" }, ["warning moving-tag /container/image"]],
    ["its image has a tag", { image: "nginx:1.25" }, ["info mutable-tag /container/image"]],
    ["its image has a digest", { image: `nginx@sha256:${"a".repeat(64)}` }, []],
    ["its image was not looked at", {}, []],
  ]
  it.each(table)("when %s", (_, container, expected) => {
    const found = findingsOfService({ container })
    expect(found.map(({ rule, severity, path }) => `${severity} ${rule} ${path}`)).toStrictEqual(expected)
  })
})
