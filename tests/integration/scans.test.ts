/** Reports of scanners for vulnerabilities, as they lie in files: counted where they count, and otherwise as if nobody had looked. */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import type { Look, Source } from "#discovery/observation.js"
import { type ScanOptions, withScans } from "#discovery/sources/scans.js"
import { debsecanScan } from "#discovery/sources/scans/debsecan.js"
import { grypeScan } from "#discovery/sources/scans/grype.js"
import { trivyScan } from "#discovery/sources/scans/trivy.js"
import { anyJson } from "#tests/support/any-json.js"
import { minute, workbench } from "#tests/support/discovery-bench.js"
import { lookAt } from "#tests/support/look.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { TestClock } from "#tests/support/test-clock.js"
import * as fc from "fast-check"
import { beforeEach, describe, expect, it } from "vitest"

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const clock = new TestClock()
const day = 24 * 60 * minute
const before = (ms: number) => new Date(Date.parse(clock.now()) - ms).toISOString()

const trivy = (severities: readonly string[], at = before(day)) =>
  JSON.stringify({
    SchemaVersion: 2,
    CreatedAt: at,
    ArtifactName: "/",
    Results: [
      { Target: "debian 12", Class: "os-pkgs", Vulnerabilities: severities.map((Severity) => ({ Severity })) },
      { Target: "package-lock.json", Class: "lang-pkgs" },
      { Target: "Dockerfile", Class: "config" },
    ],
  })
const grype = (severities: readonly string[], at = before(day)) =>
  JSON.stringify({
    matches: severities.map((severity) => ({ vulnerability: { id: "CVE-1", severity }, artifact: { name: "a" } })),
    ignoredMatches: [{ vulnerability: { severity: "Critical" } }],
    descriptor: { name: "grype", timestamp: at },
  })
const debsecan =
  "CVE-2023-4911 libc6 (fixed, remotely exploitable, high urgency)\nCVE-2011-3374 apt (low urgency)\nTEMP-0841856-B18BAF bash\n"
const none = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 }

/** A source with these machines. */
const machines = (...names: readonly string[]): Source => ({
  name: "here",
  kind: "scripted",
  look: async (): Promise<Look> => ({
    observedAt: clock.now(),
    observations: names.map((nativeKey) => ({ kind: "target", nativeKey, facets: { security: { selinux: null } } })),
    coverage: { rights: "root", looked: {}, notLooked: { "/os": "why" }, complete: { target: true, service: false } },
  }),
})

async function written(text: string, name = "report"): Promise<string> {
  const file = path.join(folder, name)
  await fs.writeFile(file, text)
  return file
}

const week = { target: "a", maxAge: 7 * day }
const look = (scans: readonly ScanOptions[], source = machines("a")) => lookAt(withScans(source, scans, clock))

describe("a scan of a machine", () => {
  it.each([
    ["trivy", trivy(["CRITICAL", "HIGH", "HIGH", "MEDIUM", "LOW", "UNKNOWN", "odd"]), [1, 2, 1, 1, 2]],
    ["trivy", trivy([]), [0, 0, 0, 0, 0]],
    ["grype", grype(["Critical", "High", "Negligible", "Low", "Unknown", ""]), [1, 1, 0, 2, 2]],
    ["grype", grype([]), [0, 0, 0, 0, 0]],
  ] as const)("is counted as the scanner counts: %s %#", async (kind, text, [critical, high, medium, low, unknown]) => {
    const { of, coverage } = await look([{ ...week, kind, file: await written(text) }])
    const scannedAt = Math.floor(Date.parse(before(day)) / 1_000)
    const counts = { critical, high, medium, low, unknown, scannedAt }
    expect(of("a").facets["security"]).toStrictEqual({ selinux: null, vulnerabilities: { [kind]: counts } })
    expect(coverage).toMatchObject({ looked: { security: true }, notLooked: { "/os": "why" } })
  })

  it("by debsecan is of when the file was written, as that does not say", async () => {
    const file = await written(debsecan)
    await fs.utimes(file, new Date(before(day)), new Date(before(day)))
    const { of } = await look([{ ...week, kind: "debsecan", file }])
    expect(of("a").facets["security"]).toMatchObject({
      vulnerabilities: { debsecan: { ...none, high: 1, low: 1, unknown: 1 } },
    })
    await fs.utimes(file, new Date(before(8 * day)), new Date(before(8 * day)))
    expect((await look([{ ...week, kind: "debsecan", file }])).of("a").facets["security"]).toStrictEqual({
      selinux: null,
    })
  })

  it("says nothing of other machines, and nothing of one that was not looked at", async () => {
    const scan = { ...week, kind: "trivy", file: await written(trivy(["HIGH"])) } as const
    const { of, coverage } = await look([scan, { ...scan, file: "/nonexistent", target: "b" }], machines("a", "b", "c"))
    expect(of("a").facets["security"]).toMatchObject({ vulnerabilities: { trivy: { high: 1 } } })
    expect(of("b").facets["security"]).toStrictEqual({ selinux: null })
    expect(coverage.notLooked).toStrictEqual({ "/os": "why" })
    expect(coverage.targets?.map(({ targets, notLooked }) => [targets, Object.keys(notLooked)])).toStrictEqual([
      [["a"], ["/os"]],
      [["b"], ["/os", "/security/vulnerabilities/trivy"]],
    ])
    expect((await look([scan], machines("c"))).coverage).toStrictEqual((await look([], machines("c"))).coverage)
  })

  it("is read again when it is another one", async () => {
    const file = await written(trivy(["HIGH"]))
    const source = withScans(machines("a"), [{ ...week, kind: "trivy", file }], clock)
    const high = async () => (await lookAt(source)).of("a").facets["security"]?.["vulnerabilities"]
    expect([await high(), await high()]).toMatchObject([{ trivy: { high: 1 } }, { trivy: { high: 1 } }])
    await written(trivy(["HIGH", "HIGH"]))
    expect(await high()).toMatchObject({ trivy: { high: 2 } })
  })

  it("once more with the same findings is no change, and one that does not count any more leaves what is known", async () => {
    const bench = await workbench()
    const file = await written(trivy(["HIGH"], bench.clock.now()))
    const source = withScans(bench.source, [{ ...week, kind: "trivy", file }], bench.clock)
    bench.sees([{ kind: "target", nativeKey: "a", facets: {} }])
    expect(await bench.lookAt(source)).toMatchObject({ changes: 1 })
    await written(trivy(["HIGH"], bench.clock.now()))
    expect(await bench.lookAt(source)).toMatchObject({ changes: 0 })
    await written("{")
    await bench.news()
    expect(await bench.lookAt(source)).toMatchObject({ changes: 0, outcome: "completed" })
    const [account] = await bench.news()
    expect(JSON.stringify(account?.data)).toContain("is no report of the kind that it is to be: it is not JSON")
    await written(trivy([], bench.clock.now()))
    expect(await bench.lookAt(source)).toMatchObject({ changes: 1 })
    const [change] = await bench.news()
    expect(change?.data).toMatchObject({
      patch: [
        { op: "test", value: 1 },
        { path: "/security/vulnerabilities/trivy/high", value: 0 },
      ],
    })
  })
})

describe("a report that does not count is no zero, and the coverage says why:", () => {
  it.each([
    ["old", "trivy", trivy(["HIGH"], before(8 * day)), /^the scan is of 20.*, which is too long ago$/],
    ["of tomorrow", "grype", grype(["High"], before(-day)), /^the scan is of 20.*, which is yet to come$/],
    ["empty", "trivy", "", /it is not JSON$/],
    ["cut off", "trivy", trivy(["HIGH"]).slice(0, -20), /it is not JSON$/],
    ["of another scanner", "trivy", grype([]), /it is not as expected$/],
    ["of another scanner", "grype", trivy([]), /it is not as expected$/],
    ["of another version", "trivy", `[{"Target": "x", "Vulnerabilities": null}]`, /it is not as expected$/],
    ["of what has no packages", "trivy", `{"SchemaVersion": 2}`, /it has looked at no packages$/],
    ["of secrets", "trivy", `{"SchemaVersion": 2, "Results": [{"Class": "secret"}]}`, /it has looked at no packages$/],
    ["empty", "debsecan", "\n", /it is empty, as that of a scan that failed would be$/],
    ["an error's", "debsecan", "error: while downloading\n", /it has lines that debsecan does not print$/],
    ["cut off", "debsecan", debsecan.trimEnd(), /its last line is cut off$/],
    ["deep", "grype", "[".repeat(1_000_000), /it is not JSON$/],
  ] as const)("%s (%s)", async (_, kind, text, why) => {
    const { of, coverage } = await look([{ ...week, kind, file: await written(text) }])
    expect(of("a").facets["security"]).toStrictEqual({ selinux: null })
    expect(coverage.notLooked[`/security/vulnerabilities/${kind}`]).toMatch(why)
  })

  it("not there, no file, without end, or too long", async () => {
    const long = await written("", "long")
    await fs.truncate(long, 32 * 2 ** 20 + 1)
    for (const [file, why] of [
      [path.join(folder, "nothing"), "ENOENT"],
      [folder, "it is not a file"],
      ["/dev/zero", "it is not a file"],
      [long, "it is longer than 32 MiB"],
    ] as const) {
      const { of, coverage } = await look([{ ...week, kind: "trivy", file }])
      expect(of("a").facets["security"]).toStrictEqual({ selinux: null })
      expect(coverage.notLooked["/security/vulnerabilities/trivy"]).toContain(why)
    }
  })

  it("any other", () => {
    const counted = (understand: (text: string) => { counts: object }, text: string) => {
      try {
        return Object.keys(understand(text).counts).length
      } catch (error) {
        return error instanceof Error ? 5 : 0
      }
    }
    fc.assert(
      fc.property(anyJson, fc.string({ unit: "binary" }), (json, text) => {
        for (const understand of [trivyScan, grypeScan, debsecanScan])
          for (const report of [JSON.stringify(json), text]) expect(counted(understand, report)).toBe(5)
      }),
      { numRuns: 50 },
    )
  })
})
