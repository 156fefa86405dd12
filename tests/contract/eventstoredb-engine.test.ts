/** What is EventStoreDB's own about a ledger there: ways to reach it, what interrupts it, its copies, whoever acts, and what it refuses. */
import { describe } from "vitest"
import { interruptions } from "./eventstoredb/interruptions.js"

describe("a ledger on EventStoreDB", () => {
  describe("that is interrupted", () => {
    interruptions()
  })
})
