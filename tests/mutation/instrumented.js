/** The files of a room with all small changes in them, each behind a switch (`__stryker__.activeMutant`). */
import * as fs from "node:fs"
import * as path from "node:path"
import { Instrumenter } from "@stryker-mutator/instrumenter"

const silent = Object.fromEntries(
  ["trace", "debug", "info", "warn", "error", "fatal"].map((level) => [level, () => {}]),
)
const logger = { ...silent, isDebugEnabled: () => false }
const root = path.resolve(import.meta.dirname, "../..")

/** @param names of files, from the project's root */
export async function instrumented(names) {
  const sources = names.toSorted().map((name) => path.join(root, name))
  const files = sources.map((name) => ({ name, content: fs.readFileSync(name, "utf8"), mutate: true }))
  return new Instrumenter(logger).instrument(files, { plugins: null, excludedMutations: [], ignorers: [] })
}
