import * as fs from "node:fs"
import * as path from "node:path"

/** What is changed, and the tests that are to notice: those that say what the room promises. */
const spec = (...names) => names.map((name) => `tests/spec/${name}.test.ts`)
const property = (...names) => names.map((name) => `tests/property/${name}.test.ts`)
const integration = (...names) => names.map((name) => `tests/integration/${name}.test.ts`)

const root = path.resolve(import.meta.dirname, "../..")
const within = (folder, ...without) =>
  fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !without.includes(name))
    .map((name) => `${folder}/${name}`)

export const rooms = {
  kernel: {
    mutate: within("src/kernel", "small-heap.ts"),
    tests: [
      ...spec(
        "csv",
        "errors",
        "html",
        "ids",
        "json",
        "names",
        "points",
        "printable",
        "recent",
        "rfc8785",
        "span",
        "tar",
      ),
      ...spec("waiting", "write-durably"),
      ...property("canonical-json", "patch"),
    ],
  },
  decide: {
    mutate: ["src/discovery/decide.ts", "projections/inventory/evolve.ts", "projections/inventory/patch-of.ts"],
    tests: [...spec("decide", "patches"), ...property("decide", "evolve")],
  },
  timeline: {
    mutate: within("src/timeline"),
    tests: [
      ...spec("access-words", "measure", "bands", "health"),
      ...integration("naming", "relations", "history", "health", "snapshot-compare", "snapshots", "diff", "linking"),
      ...property("sorted", "diff", "history", "health"),
    ],
  },
  proof: {
    mutate: ["src/ledger/leaf.ts", ...within("src/ledger/proof")],
    tests: [
      ...spec("leaf", "note", "key-folder"),
      ...property("tree", "proofs", "foreign-proofs"),
      ...integration("event-proof", "offline-verifier", "evidence", "tampered-file", "sealing", "keep-sealed"),
    ],
  },
}
