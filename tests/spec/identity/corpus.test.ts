/** The corpus, case by case, and how well "same" does over all of it. */
import { evidenceOf, keysOf, weakKeysOf } from "#discovery/identity/evidence.js"
import { judge } from "#discovery/identity/judge.js"
import { describe, expect, it } from "vitest"
import { corpus } from "./corpus.js"

const judged = corpus.map((pair) => {
  const [a, b] = [evidenceOf(pair.a), evidenceOf(pair.b)]
  return { ...pair, evidence: [a, b] as const, judgement: judge(a, b, { toldApart: pair.toldApart }) }
})

const count = (those: (pair: (typeof judged)[number]) => boolean) => judged.filter(those).length

describe.each(["same", "different"] as const)("what is truly %s", (truth) => {
  it.each(judged.filter((pair) => pair.truth === truth))("$name", ({ judgement, verdict }) => {
    expect(verdict).toContain(judgement.verdict)
  })
})

describe("the corpus", () => {
  it("has cases enough, each under a name of its own", () => {
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length)
    expect(corpus.length).toBeGreaterThanOrEqual(45)
  })

  it("is judged with precision 1, and recall of at least 0.9 of what is more than names and addresses", () => {
    const found = count(({ truth, judgement }) => truth === "same" && judgement.verdict === "same")
    const precision = found / count(({ judgement }) => judgement.verdict === "same")
    const recall = found / count(({ truth }) => truth === "same")
    const identified = found / count(({ truth, verdict }) => truth === "same" && verdict.includes("same"))
    const doubtful = count(({ judgement }) => judgement.verdict === "doubtful") / corpus.length
    console.info(
      `${corpus.length} cases: precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)} (${identified.toFixed(2)} of what is more than names and addresses), doubtful ${doubtful.toFixed(2)}`,
    )
    expect(precision).toBe(1)
    expect(identified).toBeGreaterThanOrEqual(0.9)
  })

  it("is found by an index: what may be one machine has a strong key in common, or a weak one if it is doubtful", () => {
    const lost = judged.filter(({ evidence, judgement }) => {
      const [a, b] = evidence.map((one) => [...keysOf(one), ...(judgement.verdict === "same" ? [] : weakKeysOf(one))])
      return judgement.verdict !== "different" && !a?.some((key) => b?.includes(key))
    })
    expect(lost.map(({ name }) => name)).toEqual([])
  })
})
