import * as os from "node:os"
import { defineConfig } from "vitest/config"
import { LongestFirst } from "./tests/support/longest-first.js"
import { isTorture } from "./tests/support/often.js"

/** Imports by `#…` lead to the sources, not to what was built. Nothing else: Node adds what fits each import. */
const conditions = ["source"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/support/same-cases.ts"],
    testTimeout: isTorture ? 1_800_000 : 30_000,
    hookTimeout: 60_000,
    // It has sources by the same condition as ours, which Node cannot load.
    server: { deps: { inline: [/@modelcontextprotocol\/client/, "eventsource-parser"] } },
    // Tests also wait, for the disk and for other processes: one more has work meanwhile.
    maxWorkers: os.availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    // Nothing here keeps state in its modules: they need not be loaded again for each file, which is a quarter of the time.
    isolate: false,
    // `npm run coverage`: where a line that no test needs is a mistake.
    coverage: {
      provider: "v8",
      include: [
        "src/kernel/**",
        "src/ledger/**",
        "src/timeline/**",
        "src/discovery/decide.ts",
        "projections/inventory/{evolve,patch-of}.ts",
      ],
      // It is tried in a process of its own, which is not looked into.
      exclude: ["src/kernel/small-heap.ts"],
      reporter: ["text"],
      reportOnFailure: true,
      thresholds: {
        "src/kernel/**": { lines: 100 },
        "src/timeline/**": { lines: 100 },
        "src/ledger/**": { lines: 100 },
        "src/discovery/**": { lines: 100 },
        "projections/**": { lines: 100 },
      },
    },
  },
})
