import * as fs from "node:fs"
import * as path from "node:path"

/** What is changed, and the tests that are to notice: those that say what the room promises. */
const spec = (...names) => names.map((name) => `tests/spec/${name}.test.ts`)
const property = (...names) => names.map((name) => `tests/property/${name}.test.ts`)
const contract = (...names) => names.map((name) => `tests/contract/${name}.test.ts`)
const integration = (...names) => names.map((name) => `tests/integration/${name}.test.ts`)

const root = path.resolve(import.meta.dirname, "../..")
const within = (folder, ...without) =>
  fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !without.includes(name))
    .map((name) => `${folder}/${name}`)
/** What all engines have in common. */
const ofLedger = within("src/ledger").filter((name) => name.split("/").length === 3 && !name.endsWith("/leaf.ts"))

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
      ...spec("waiting", "within", "write-durably"),
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
      ...spec("access-words", "measure", "of-field", "period", "next-page"),
      ...property("sorted"),
      ...integration("naming", "relations", "history", "health", "snapshot-compare", "snapshots", "diff"),
      ...integration("checks", "linked-records", "last-seen", "proxmox-causes"),
      ...property("diff", "history", "health"),
    ],
  },
  proof: {
    mutate: ["src/ledger/leaf.ts", ...within("src/ledger/proof")],
    tests: [
      ...spec("leaf", "note", "key-folder"),
      ...property("tree", "proofs"),
      ...integration("event-proof", "offline-verifier", "evidence", "tampered-file", "sealing", "keep-sealed"),
      ...integration("taking-over", "archives", "redact", "keeping"),
      ...property("foreign-proofs"),
    ],
  },
  sqlite: {
    mutate: [...within("src/ledger/sqlite"), ...within("src/ledger/archive"), ...ofLedger],
    tests: [
      ...spec("leaf", "decided-upon", "last-readable", "mask"),
      ...property("archive-file"),
      ...contract("sqlite-ledger"),
      ...integration("archives", "redact", "retention", "tampered-file"),
      ...contract("archived-ledger"),
    ],
  },
  eventstoredb: {
    mutate: within("src/ledger/eventstoredb"),
    tests: [
      ...spec("eventstoredb-words", "eventstoredb-session", "eventstoredb-following"),
      ...contract("eventstoredb-ledger", "eventstoredb-engine"),
    ],
  },
}
