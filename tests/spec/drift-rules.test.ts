/** Rules: what they expect of a document, what they cannot say, and what is wrong in them, with its place. */
import { WrongExpression, expressionOf } from "#drift/expression.js"
import { rulesIn } from "#drift/rules-file.js"
import { starterRules } from "#drift/starter.js"
import type { JsonObject } from "#kernel/json.js"
import { refusalOf } from "#tests/support/refusal.js"
import { describe, expect, it } from "vitest"

const machine: JsonObject = {
  lifecycle: "observed",
  os: { kernel: `${"a".repeat(60)}!` },
  hardware: { memoryMiB: 1_000 },
  packages: null,
  security: { firewall: null, sshd: { "sshd:permitrootlogin": { value: "yes" } } },
  sockets: {
    "tcp:22": { port: 22, process: "sshd" },
    "tcp:80": { port: 80, process: null },
    "tcp:81": { port: 81 },
  },
}

const judged = (expected: string, kind: "target" | "service" = "target", document = machine) =>
  expressionOf(kind, expected)
    .judge(document)
    .map(({ verdict, field, why }) => [verdict, field, ...(why === undefined ? [] : [why])].join(" "))

describe("what a rule expects", () => {
  it.each([
    ['lifecycle == "observed"', []],
    ["security.firewall != null", ["drift /security/firewall"]],
    ["hardware.memoryMiB >= 2000", ["drift /hardware/memoryMiB"]],
    ["hardware.memoryMiB == 1000 && size(sockets) == 3", []],
    ['security.sshd["sshd:permitrootlogin"].value != "yes"', ["drift /security/sshd/sshd:permitrootlogin/value"]],
    ['"pkg:ntp" in packages || "pkg:chrony" in packages', ["drift /packages/pkg:ntp"]],
    ["sockets.exists(s, sockets[s].port == 443)", ["drift /sockets"]],
    // Each operand of && is told apart, and each item of all.
    ["security.firewall != null && hardware.memoryMiB > 1", ["drift /security/firewall"]],
    ['sockets.all(s, s in ["tcp:22"])', ["drift /sockets/tcp:80", "drift /sockets/tcp:81"]],
  ])("%s", (expression, findings) => expect(judged(expression)).toEqual(findings))

  it("is unknown where nobody has looked, unless what is known is enough", () => {
    const unseen = "unknown /security/selinux nobody has looked at it"
    expect(judged('security.selinux == "enforcing"')).toEqual([unseen])
    expect(judged('!(security.selinux == "enforcing")')).toEqual([unseen])
    expect(judged('security.selinux == "enforcing" || hardware.memoryMiB > 1')).toEqual([])
    expect(judged('security.selinux == "enforcing" || hardware.memoryMiB > 1000')).toEqual([unseen])
    expect(judged("storage.filesystems.all(f, true)")).toEqual(["unknown /storage nobody has looked at it"])
    expect(judged("sockets.all(s, sockets[s].process != null)")).toEqual([
      "drift /sockets/tcp:80",
      "unknown /sockets/tcp:81 nobody has looked at it",
    ])
  })

  it.each([
    ['"pkg:a" in packages || packages["pkg:b"].version == "1"', { packages: ["pkg:a", "pkg:b"] }],
    ['"pkg:a" in packages && size(packages) < 10', {}],
    ['sockets.all(s, s in ["tcp:22"])', {}],
    ['"tcp:22" in sockets ? sockets["tcp:22"].port == 22 : "x" in ["y"]', { sockets: ["tcp:22"] }],
    ['"pkg:a" in packages && packages.all(p, p != "pkg:b")', {}],
    ['"sshd:a" in security.sshd', {}],
  ])("%s reads these items alone: %j", (expression, items) => {
    const read = [...expressionOf("target", expression).items].map(([name, keys]) => [name, [...keys]])
    expect(Object.fromEntries(read)).toEqual(items)
  })

  it("is unknown where it cannot be worked out", () => {
    const [error = ""] = judged("security.firewall > 3")
    expect(error).toMatch(/^unknown \/security\/firewall no such overload/)
    expect(judged("lifecycle")).toEqual(["unknown /lifecycle what is expected is neither true nor false here"])
  })

  it("does not hold anybody up", () => {
    expect(judged('os.kernel.matches("(a+)+$")')).toEqual([
      "unknown /os/kernel it takes longer than 100 ms to find out",
    ])
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, no) => [`pkg:${no}`, { version: "1" }]))
    const inEachOther = "packages.all(a, packages.all(b, packages.all(c, packages[c].version == '1')))"
    const started = performance.now()
    const [first = ""] = expressionOf("target", `${inEachOther} || false`)
      .judge({ lifecycle: "observed", packages: many })
      .map(({ why = "" }) => why)
    expect(first).toContain("longer than 100 ms")
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe("what is wrong in a rule", () => {
  it.each([
    ["securty.firewall != null", 1, 'there is no "securty"; did you mean "security"?'],
    ["security.firewal != null", 10, 'there is no field "firewal" there; did you mean "firewall"?'],
    ['sockets.all(s, sockets[s].prot == "x")', 27, 'there is no field "prot" there; did you mean "port"?'],
    ["sockets.ssh == null", 9, 'there is no field "ssh" there; items of a collection are asked for by their keys'],
    ["has(security.firewall)", 1, 'write "!= null" instead of has()'],
    ["hardware.memoryMiB +", 21, "unexpected token: EOF"],
    ["1 + 1", 1, "has to be true or false"],
    [Array.from({ length: 400 }, () => "true").join(" && "), 1, ""],
  ])("%.40s", (expression, column, message) => {
    const error = wrongIn(expression)
    expect(error.message).toContain(message)
    if (message !== "") expect(error.column).toBe(column)
  })

  it.each([
    ["rules: [", /^line 1, column \d+: it is not YAML/],
    ["rules:\n  - name: a\n    knd: target\n", /^line 2, column 5: /],
    [
      "- {name: a, kind: target, expect: 'true', severity: warning, wher: x}",
      /there is no key "wher" in a rule; did you mean "where"\?/,
    ],
    [
      "- name: a\n  kind: target\n  severity: warning\n  expect: os.kernl != null\n",
      /^line 4, column 14: "expect" of the rule "a", character 4 of .*did you mean "kernel"/,
    ],
    [
      "- name: a\n  kind: target\n  severity: warning\n  where: rle:production\n  expect: 'true'\n",
      /^line 4, column 10: "where" of the rule "a": .*no field "rle"; did you mean "role"/,
    ],
    [
      "- name: a\n  kind: target\n  severity: warning\n  where: saved:web\n  expect: 'true'\n",
      /cannot rest on a saved query/,
    ],
    [
      "- name: a\n  kind: target\n  severity: warning\n  where: 'changed:>-7d'\n  expect: 'true'\n",
      /cannot ask for a moment/,
    ],
    ["- &a {name: a, kind: target, severity: warning, expect: 'true'}\n- *a\n", /another rule is called "a"/],
    ["- name: a\n  kind: machine\n", /^line 2, column 9: "kind" is wrong/],
    ["{}", /expected array/],
  ])("%.60s", async (text, message) => {
    const refusal = await refusalOf(() => rulesIn(text))
    expect([refusal.code, refusal.message]).toEqual(["InvalidInput", expect.stringMatching(message)])
  })
})

function wrongIn(expression: string): WrongExpression {
  try {
    expressionOf("target", expression)
  } catch (error) {
    if (error instanceof WrongExpression) return error
    throw error
  }
  throw new Error("it was expected to be refused")
}

describe("the rules that come with the program", async () => {
  const rules = await rulesIn(starterRules)
  const findings = (name: string, document: JsonObject) => {
    const rule = rules.find((each) => each.name === name)
    if (rule === undefined) throw new Error(`no rule ${name}`)
    return expressionOf(rule.kind, rule.expect)
      .judge(document)
      .map(({ verdict, field }) => `${verdict} ${field}`)
  }

  it.each([
    ["firewall", { security: { firewall: "nftables" } }, []],
    ["firewall", { security: { firewall: null } }, ["drift /security/firewall"]],
    ["firewall", {}, ["unknown /security"]],
    ["clock", { packages: { "pkg:chrony": {} } }, []],
    ["clock", { packages: {} }, ["drift /packages/pkg:chrony"]],
    ["root-login", { security: { sshd: {} } }, []],
    [
      "listening-ports",
      { sockets: { "tcp:22": { address: "*", port: 22 }, "tcp:127.0.0.1:9": { address: "127.0.0.1", port: 9 } } },
      [],
    ],
    ["listening-ports", { sockets: { "tcp:5432": { address: "*", port: 5432 } } }, ["drift /sockets/tcp:5432"]],
    ["image-tags", { container: { image: "registry.lan:5000/shop/web:1.2" } }, []],
    ["image-tags", { container: { image: "nginx:1.25" } }, []],
    ["image-tags", { container: { image: "nginx@sha256:00" } }, []],
    ["image-tags", { container: { image: "nginx" } }, ["drift /container/image"]],
    ["image-tags", { container: { image: "registry.lan:5000/shop/web" } }, ["drift /container/image"]],
    ["image-tags", { container: { image: "nginx:latest" } }, ["drift /container/image"]],
    ["no-privileged-containers", { container: { privileged: true } }, ["drift /container/privileged"]],
    ["restart-policy", { container: { restart: "always" } }, []],
    ["kept-running", { container: { restart: "always" }, state: { status: "stopped" } }, ["drift /state/status"]],
    ["kept-running", { container: { restart: "no" }, state: { status: "stopped" } }, []],
  ] as [string, JsonObject, string[]][])("%s: %j", (name, document, expected) =>
    expect(findings(name, { lifecycle: "observed", ...document })).toEqual(expected),
  )
})
