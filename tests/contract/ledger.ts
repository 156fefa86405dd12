/**
 * What every engine behind the ledger's port promises, held against one of them. It uses nothing but the port, so that whatever passes
 * may stand in for whatever else passes: links, positions and proofs mean the same on each.
 */
import { describe } from "vitest"
import { adopting } from "./ledger/adopting.js"
import { appending } from "./ledger/appending.js"
import { awkwardValues } from "./ledger/awkward-values.js"
import { following } from "./ledger/following.js"
import type { OpenEngine } from "./ledger/fresh.js"
import { identicalAppends } from "./ledger/identical-appends.js"
import { ordering } from "./ledger/ordering.js"
import { reading } from "./ledger/reading.js"
import { refusing } from "./ledger/refusing.js"
import { reopening } from "./ledger/reopening.js"
import { times } from "./ledger/times.js"
import { tree } from "./ledger/tree.js"
import { versions } from "./ledger/versions.js"

const topics = {
  appending,
  "identical appends": identicalAppends,
  refusing,
  ordering,
  "awkward values": awkwardValues,
  reading,
  following,
  times,
  versions,
  reopening,
  adopting,
  tree,
}

type Topic = keyof typeof topics

/**
 * @param open gives an empty ledger on the clock it is handed, for as long as one test takes.
 * @param only the topics that matter where the rest has been held against the same engine already
 */
export function ledgerContract(
  engine: string,
  open: OpenEngine,
  only: readonly Topic[] = Object.keys(topics) as Topic[],
): void {
  describe(`the ledger on ${engine}`, () => {
    describe.each(only)("%s", (topic) => {
      topics[topic](open)
    })
  })
}
