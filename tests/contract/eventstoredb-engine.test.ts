/** What is EventStoreDB's own about a ledger there: ways to reach it, what interrupts it, its copies, whoever acts, and what it refuses. */
import { describe } from "vitest"
import { copies } from "./eventstoredb/copies.js"
import { interruptions } from "./eventstoredb/interruptions.js"
import { leases } from "./eventstoredb/leases.js"
import { reaching } from "./eventstoredb/reaching.js"
import { refusals } from "./eventstoredb/refusals.js"

describe("a ledger on EventStoreDB", () => {
  describe("reaching it", () => {
    reaching()
  })
  describe("when it is interrupted", () => {
    interruptions()
  })
  describe("its copies", () => {
    copies()
  })
  describe("refusing", () => {
    refusals()
  })
  describe("its leases", () => {
    leases()
  })
})
