import * as os from "node:os"
import * as path from "node:path"
import { rooms } from "./rooms.js"

const room = process.env.ROOM

export default {
  mutate: rooms[room].mutate,
  testRunner: "vitest",
  plugins: [import.meta.resolve("@stryker-mutator/vitest-runner")],
  vitest: { configFile: "tests/mutation/vitest.config.js", related: false },
  coverageAnalysis: "perTest",
  // Of what is worked out when a file is loaded, every test would have to be asked.
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ["progress-append-only", "clear-text", "json"],
  clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false },
  jsonReporter: { fileName: `tests/mutation/reports/${room}.json` },
  // There is none to rewrite: imports lead to the sandbox by package.json.
  tsconfigFile: "none",
  tempDirName: path.join(os.tmpdir(), "fleet-ledger-mutation"),
  cleanTempDir: "always",
  ignorePatterns: ["dist", "coverage", "docker", "tests/bench", "tests/e2e"],
  allowConsoleColors: false,
}
