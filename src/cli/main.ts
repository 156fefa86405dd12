#!/usr/bin/env node
/** The command line. */
import { run } from "./program.js"

// Whoever reads the answer may have seen enough of it, as `head` has.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
  process.exit()
})
process.exitCode = await run(process.argv.slice(2))
