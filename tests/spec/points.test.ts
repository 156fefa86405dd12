/** What a person or program may give as a point in time, and what becomes of anything else. */
import { type Instant, epochMs, instant } from "#kernel/clock.js"
import { parseDuration } from "#kernel/duration.js"
import { FleetError } from "#kernel/errors.js"
import { parsePoint, position as positionOf } from "#kernel/point.js"
import { refusalOf } from "#tests/support/refusal.js"
import { time } from "#tests/support/test-clock.js"
import * as fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"

/** A Monday in winter, 14:00 UTC. */
const now = time("2026-11-23T14:00:00.000Z")

const timeOf = (text: string, at: Instant = now) => {
  const point = parsePoint(text, at)
  return point.kind === "time" ? point.time : point
}

function outcomeOf(text: string): string {
  try {
    const point = parsePoint(text, now)
    switch (point.kind) {
      case "time":
        return point.time
      case "now":
        return "now"
      case "position":
        return `position:${point.position}`
      case "snapshot":
        return `snapshot:${point.name}`
      case "run":
        return `run:${point.id}`
    }
  } catch (error) {
    if (error instanceof FleetError && error.code === "InvalidPoint") return "refused"
    throw error
  }
}

function inZone(zone: string): void {
  const before = process.env["TZ"]
  process.env["TZ"] = zone
  onTestFinished(() => {
    if (before === undefined) delete process.env["TZ"]
    else process.env["TZ"] = before
  })
}

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "America/St_Johns"]

describe("a point", () => {
  it.each(["now", "NOW", " now ", "Now\n"])("is now, given %j", (text) => {
    expect(parsePoint(text, now)).toStrictEqual({ kind: "now" })
  })

  it.each([0, 1, 123, 999_999_999_999_999])("is position %i", (position) => {
    expect(parsePoint(`position:${position}`, now)).toStrictEqual({ kind: "position", position })
  })

  it("is a snapshot or a run by its name, which is the ledger's to know", () => {
    expect(parsePoint("snapshot:before_Upgrade-2.0", now)).toStrictEqual({
      kind: "snapshot",
      name: "before_Upgrade-2.0",
    })
    expect(parsePoint(" snapshot:Über-Nacht\n", now)).toStrictEqual({ kind: "snapshot", name: "Über-Nacht" })
    const id = "7D9F1C7E-6A0F-4A3B-9A55-3D3D2F6F4C01"
    expect(parsePoint(`run:${id}`, now)).toStrictEqual({ kind: "run", id: id.toLowerCase() })
  })

  describe.each(zones)("in the zone %s", (zone) => {
    it.each([
      ["2026-11-23T13:30:00Z", "2026-11-23T13:30:00.000Z"],
      ["2026-11-23T13:30Z", "2026-11-23T13:30:00.000Z"],
      ["2026-11-23 13:30:15Z", "2026-11-23T13:30:15.000Z"],
      ["2026-11-23t13:30:15z", "2026-11-23T13:30:15.000Z"],
      ["2026-11-23T13:30:15.5Z", "2026-11-23T13:30:15.500Z"],
      ["2026-11-23T13:30:15.123456789Z", "2026-11-23T13:30:15.123Z"],
      ["2026-11-23T13:30:00+02:00", "2026-11-23T11:30:00.000Z"],
      ["2026-11-23T13:30:00-09:30", "2026-11-23T23:00:00.000Z"],
      ["2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00.000Z"],
      ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
      ["-2h", "2026-11-23T12:00:00.000Z"],
      ["-3d", "2026-11-20T14:00:00.000Z"],
      ["-90s", "2026-11-23T13:58:30.000Z"],
      ["-1h30m", "2026-11-23T12:30:00.000Z"],
      ["-1w", "2026-11-16T14:00:00.000Z"],
      ["-250ms", "2026-11-23T13:59:59.750Z"],
      ["-0s", now],
    ])("is the same time everywhere, given %s", (text, wanted) => {
      inZone(zone)
      expect(timeOf(text)).toBe(wanted)
    })

    it("is the machine's own time when no offset is given", () => {
      inZone(zone)
      expect(timeOf("2026-07-01")).toBe(new Date(2026, 6, 1).toISOString())
      expect(timeOf("2026-07-01 08:15")).toBe(new Date(2026, 6, 1, 8, 15).toISOString())
      expect(timeOf("2026-12-31T23:59:59.5")).toBe(new Date(2026, 11, 31, 23, 59, 59, 500).toISOString())
    })

    it("is a day of the calendar, also over a change of the clocks", () => {
      inZone(zone)
      for (const [month, day] of [
        [2, 8],
        [2, 9],
        [2, 29],
        [2, 30],
        [9, 25],
        [9, 26],
        [10, 1],
        [10, 2],
        [0, 1],
      ] as const) {
        const noon = instant(new Date(2026, month, day, 12).getTime())
        expect(timeOf("today", noon)).toBe(new Date(2026, month, day).toISOString())
        expect(timeOf("yesterday", noon)).toBe(new Date(2026, month, day - 1).toISOString())
        expect(timeOf("yesterday 14:00", noon)).toBe(new Date(2026, month, day - 1, 14).toISOString())
        expect(timeOf("Today 06:30:15", noon)).toBe(new Date(2026, month, day, 6, 30, 15).toISOString())
      }
    })
  })

  it("is a day of 23 or 25 hours where the clocks change, and an age of a day is always 24", () => {
    inZone("Europe/Berlin")
    const spring = time("2026-03-29T22:30:00.000Z")
    expect(timeOf("today", spring)).toBe("2026-03-29T22:00:00.000Z")
    expect(timeOf("yesterday", spring)).toBe("2026-03-28T23:00:00.000Z")
    expect(timeOf("-1d", spring)).toBe("2026-03-28T22:30:00.000Z")
    const autumn = time("2026-10-25T23:30:00.000Z")
    expect(timeOf("today", autumn)).toBe("2026-10-25T23:00:00.000Z")
    expect(timeOf("yesterday", autumn)).toBe("2026-10-24T22:00:00.000Z")
    expect(timeOf("-1d", autumn)).toBe("2026-10-24T23:30:00.000Z")
  })

  describe("is refused, with the forms that are allowed, given", () => {
    const texts = {
      "a word": ["", " ", "tomorrow", "noon", "1 day ago", "\u0000", "１２", "2026-11-23; now"],
      "no position": ["position:", "position:-1", "position:1.5", "position:1234567890123456", "position 3"],
      "no name": ["snapshot:", "snapshot", "snapshot: a", "snapshot:a b", "run:", "Snapshot:a"],
      "no age": ["-", "-2", "-2x", "--2h", "- 2h", "2h", "+2h", "-1h -2m", "-2H"],
      "no day": ["2026-02-29", "2026-02-31", "2026-04-31", "2026-13-01", "2026-00-10", "2026-11-00"],
      "no date": ["2026-1-2", "26-11-23", "23.11.2026", "20261123", "2026-11-23T", "2026-11"],
      "no time of day": ["2026-11-23T25:00", "2026-11-23T14:60Z", "2026-11-23T14", "2026-11-23 2pm"],
      "no time of that day": ["yesterday 24:00", "yesterday 14:60", "yesterday 2pm", "today 1:00"],
      "no offset": ["2026-11-23T14:00:00+1", "2026-11-23T10:00+99:00", "2026-11-23T10:00 CET"],
      "no year of four digits": ["-999999999w", "-999999d", "0000-01-01T00:00+14:00", "9999-12-31T23:59-14:00"],
    }
    it.each(Object.entries(texts))("%s", async (_, given) => {
      for (const text of given) {
        const error = await refusalOf(() => parsePoint(text, now))
        expect(error).toMatchObject({ code: "InvalidPoint", kind: "input", details: { at: text.trim() } })
        expect(error.message).toContain(`"${text.trim()}" is not a point in time; allowed are now, a time like`)
      }
    })
  })

  it("is refused with no more of the text than a person wants to see", async () => {
    const { message, details } = await refusalOf(() => parsePoint("x".repeat(100_000), now))
    expect([message.slice(0, 97), details]).toStrictEqual([
      `"${"x".repeat(80)}" is not a point`,
      { at: "x".repeat(80) },
    ])
  })

  it.each([
    "position:1",
    "snapshot:a",
    "run:a",
    "-2h",
    "today",
    "yesterday 14:00",
    "2026-11-23",
    "2026-11-23T13:30:00Z",
    "now",
  ])("is %s alone, and not with anything around it", (text) => {
    expect(outcomeOf(text)).not.toBe("refused")
    for (const around of [`x${text}`, `x ${text}`, `${text} x`])
      expect([around, outcomeOf(around)]).toStrictEqual([around, "refused"])
  })

  it("has minutes and seconds up to 59, and hours up to 23", () => {
    for (const text of ["today 23:59:59", "yesterday 00:00"]) expect(outcomeOf(text)).not.toBe("refused")
    for (const text of ["today 24:00", "today 12:60", "yesterday 12:30:60"]) expect(outcomeOf(text)).toBe("refused")
  })

  it("is a time that can be written in 24 characters, a position or a refusal, whatever is given", () => {
    const number = fc.nat({ max: 99 }).map((n) => String(n).padStart(2, "0"))
    const shaped = fc
      .tuple(
        fc.nat({ max: 9_999 }),
        fc.array(number, { minLength: 5, maxLength: 5 }),
        fc.constantFrom("", "Z", "+14:00", "-23:59"),
      )
      .map(
        ([year, [month, day, h, m, s], zone]) =>
          `${String(year).padStart(4, "0")}-${month}-${day}T${h}:${m}:${s}${zone}`,
      )
    const age = fc
      .tuple(fc.nat({ max: 999_999_999 }), fc.constantFrom("ms", "s", "m", "h", "d", "w"))
      .map(([n, unit]) => `-${n}${unit}`)
    const letters = fc.constantFrom(..."-:T 0129Zdhmposition:yesterday".split(""))
    const text = fc.oneof(fc.string(), fc.string({ unit: letters }), shaped, age)
    fc.assert(
      fc.property(text, (given) => {
        expect(outcomeOf(given)).toMatch(
          /^(?:refused|now|position:\d+|snapshot:\S+|run:\S+|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/,
        )
      }),
      { numRuns: 2_000 },
    )
  })

  it("is read back from the form it is shown in", () => {
    const date = fc.date({
      min: new Date("0000-01-01T00:00:00.000Z"),
      max: new Date("9999-12-31T23:59:59.999Z"),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(date, (day) => {
        expect(outcomeOf(day.toISOString())).toBe(day.toISOString())
      }),
    )
  })
})

describe("a duration", () => {
  it.each([
    ["0s", 0],
    ["250ms", 250],
    ["90s", 90_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["3d", 259_200_000],
    ["1w", 604_800_000],
    ["1h30m", 5_400_000],
    ["1m500ms", 60_500],
    ["999999999w", 604_799_999_395_200_000],
  ])("%s is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    "",
    "5",
    "m",
    "-5m",
    "+5m",
    "1.5h",
    "5 m",
    "5M",
    "5min",
    "1h 30m",
    "1h30",
    "1y",
    "1234567890s",
    "５m",
    " 5m",
    "5m\n",
  ])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  it("adds up from its parts", () => {
    const part = fc
      .tuple(fc.nat({ max: 9_999 }), fc.constantFrom("ms", "s", "m", "h", "d", "w"))
      .map(([n, unit]) => `${n}${unit}`)
    fc.assert(
      fc.property(part, part, (a, b) => {
        expect(parseDuration(a + b)).toBe(parseDuration(a)! + parseDuration(b)!)
      }),
    )
  })

  it("is what an age goes back by", () => {
    fc.assert(
      fc.property(fc.nat({ max: 50 }), fc.constantFrom("s", "h", "d", "w"), (count, unit) => {
        expect(epochMs(now) - Date.parse(outcomeOf(`-${count}${unit}`))).toBe(parseDuration(`${count}${unit}`))
      }),
    )
  })
})

describe("a position", () => {
  it("is a whole number from that before the first event on, and nothing else is", () => {
    for (const value of [-1, 0, 1, Number.MAX_SAFE_INTEGER]) expect(positionOf(value)).toBe(value)
    for (const value of [-2, 0.5, Number.NaN, Infinity, 2 ** 53])
      expect(() => positionOf(value)).toThrow(`not a position: ${value}`)
  })
})
