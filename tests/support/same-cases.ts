import { configureGlobal } from "fast-check"
import { isTorture } from "./often.js"

/**
 * Under CI properties are tried with the same cases each time, so that what turns red is what was changed; everywhere else, and in
 * `npm run torture`, with others each time, which is how new counterexamples are found. Each becomes a test of its own.
 */
if (process.env["FLEET_LEDGER_REQUIRE_REAL"] === "1" && !isTorture) {
  configureGlobal({ seed: 6962 })
}
