/** What formats make of a report: whatever the fleet calls itself, it is text there. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Instant } from "#kernel/clock.js"
import { type RecordId } from "#kernel/ids.js"
import { position } from "#kernel/point.js"
import { csv } from "#reports/csv.js"
import { html } from "#reports/html.js"
import { markdown, plain } from "#reports/markdown.js"
import { type Report, bars, figures, section } from "#reports/report.js"

const hostile = [
  '<script>alert("1")</script><img src=x onerror=alert(1)>',
  "</style><h1>owned</h1>",
  "[click](https://evil.example) ![x](https://evil.example/p.png) <https://evil.example>",
  "https://evil.example www.evil.example mailto:eve@evil.example @everybody",
  "a | b\n# title\n- item\n\n```\ncode",
  "# not a title",
  "- no item",
  "1. no item",
  "=HYPERLINK(1)",
  "\u001b[2J\u202e\u200b\u0000",
  "$x^2$ ~~gone~~ **bold** _soft_ &amp; \\",
]

function reportWith(text: string): Report {
  const entity = { kind: "target" as const, id: "5f0cbb0e-5c1c-4d35-8b5f-0a4f4f9d0201" as RecordId, name: text }
  const point = (at: number) => ({ position: position(at), time: `2026-11-2${at}T00:00:00.000Z` as Instant })
  return {
    report: "health",
    title: text,
    at: point(3),
    since: point(1),
    sections: [
      section(text, {
        text,
        figures: figures({ [text]: text, many: 7 }),
        chart: bars([[text, 3]], "warning"),
        table: { columns: ["machine", text], rows: [{ machine: entity, [text]: text }], total: 9 },
        query: { kind: "target", q: text },
      }),
      section("Columns", {
        chart: { is: "columns", columns: [{ from: text, parts: [{ label: text, value: 1, tone: "good" }] }] },
      }),
      section("A line", {
        chart: {
          is: "line",
          moments: [
            { at: text, value: 0.5 },
            { at: text, value: null },
          ],
        },
      }),
    ],
  }
}

const told = (pieces: Iterable<string>) => [...pieces].join("")

/** Every tag, as a browser finds them: nothing that is text has a `<` of its own. */
const tagsOf = (page: string) =>
  [...page.matchAll(/<(\/?[^\s>]+)([^>]*)>/g)].map(([, name = "", rest = ""]) => ({ name, rest }))

const usual = reportWith("x")

describe.each(hostile)("%j", (text) => {
  it("makes no tag and no attribute of a page that harmless text would not", () => {
    const page = told(html(reportWith(text)))
    const named = (tags: ReturnType<typeof tagsOf>) => tags.map(({ name }) => name)
    expect(named(tagsOf(page))).toEqual(named(tagsOf(told(html(usual)))))
    const attributes = (tags: ReturnType<typeof tagsOf>) =>
      tags.map(({ rest }) => [...rest.replaceAll(/"[^"]*"/g, '""').matchAll(/[\w-]+(?==)/g)].map(String))
    expect(attributes(tagsOf(page))).toEqual(attributes(tagsOf(told(html(usual)))))
  })

  it("has as many lines and cells of Markdown as harmless text", () => {
    const [lines, others] = [reportWith(text), usual].map((one) => told(markdown(one)).split("\n"))
    expect(lines?.length).toBe(others?.length)
    const cells = (all: readonly string[] = []) => all.map((line) => line.replaceAll(/\\./g, "").split("|").length)
    expect(cells(lines)).toEqual(cells(others))
  })

  it("begins no formula", () => {
    for (const line of told(csv(reportWith(text))).split("\r\n"))
      for (const cell of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
        const [, quoted, bare = ""] = cell
        expect(quoted ?? bare).not.toMatch(/^[=+\-@\t\r]/)
      }
  })
})

describe("text in Markdown", () => {
  it("is nothing but text, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const made = plain(text)
        const bare = made.replaceAll(/\\[!-/:-@[-`{-~]/g, "").replaceAll(/&(?:amp|lt|gt);/g, "")
        expect(bare).not.toMatch(/[\\`*_[\]<>|~!@$&\n]/)
        expect(bare).not.toMatch(/:\/\/|\bwww\./i)
        expect(made).not.toMatch(/^\s*(?:[#+\-=]|\d+[.)](?:\s|$))/)
      }),
    )
  })

  it("can be read where there is nothing to it", () => {
    expect(["web-1", "10.0.0.1", "0.7", "disk is critical: /srv", "2026-11-23T00:00:00.000Z"].map(plain)).toEqual([
      "web-1",
      "10.0.0.1",
      "0.7",
      "disk is critical: /srv",
      "2026-11-23T00:00:00.000Z",
    ])
  })
})

describe("a page", () => {
  it("needs nothing else and can run nothing", () => {
    const page = told(html(usual))
    expect(page).toMatch(/content="default-src &#39;none&#39;; style-src &#39;sha256-/)
    expect(page).not.toMatch(/<script|<link|<img|<iframe| on\w+=|@import|style="/i)
    expect(page).toContain("prefers-color-scheme: dark")
    expect(page).toContain("@media print")
  })
})
