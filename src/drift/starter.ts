/** Rules to begin with. They are adopted by whoever asks for them, as they are or after they were edited. */
export const starterRules = `# What is expected of the fleet: each rule asks of every machine, service or stack that "where" finds (all of them without it) whether "expect" is true.
# "where" is the query language; "expect" is CEL over the document, as "fleet-ledger show NAME --output json" prints it.
# What was looked at and is not there is null; where nobody has looked, the answer is "unknown" and no drift.
rules:
  - name: firewall
    kind: target
    where: role:production
    expect: security.firewall != null
    severity: critical
    text: Every production machine filters what comes in
  - name: clock
    kind: target
    expect: >-
      "pkg:chrony" in packages || "pkg:ntp" in packages || "pkg:ntpsec" in packages || "pkg:openntpd" in packages ||
      "pkg:systemd-timesyncd" in packages
    severity: warning
    text: Something sets the clock by NTP; logs and certificates rest on it
  - name: root-login
    kind: target
    expect: >-
      !("sshd:permitrootlogin" in security.sshd) || security.sshd["sshd:permitrootlogin"].value != "yes"
    severity: warning
    text: Nobody logs in as root with a password
  - name: listening-ports
    kind: target
    where: role:production
    expect: >-
      sockets.all(s, !(sockets[s].address in ["*", "0.0.0.0", "::"]) || sockets[s].port in [22, 25, 53, 80, 123, 443])
    severity: warning
    text: Production listens to everybody on no port beyond this list
  - name: image-tags
    kind: service
    where: runtime:docker
    expect: >-
      container.image.contains("@sha256:") ||
      (container.image.substring(container.image.lastIndexOf("/") + 1).contains(":") && !container.image.endsWith(":latest"))
    severity: warning
    text: Images are asked for by a version, so that the same is run again
  - name: no-privileged-containers
    kind: service
    where: runtime:docker
    expect: container.privileged != true
    severity: warning
    text: A privileged container is root on its machine
  - name: restart-policy
    kind: service
    where: runtime:docker target.role:production
    expect: container.restart != "no"
    severity: warning
    text: What production runs comes back by itself after a boot
  - name: kept-running
    kind: service
    where: runtime:docker
    expect: state.status != "stopped" || container.restart == "no"
    severity: warning
    text: What is to come back by itself has not been stopped and left so
`
