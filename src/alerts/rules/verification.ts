/** That the ledger is not what was signed, as long as it is not found to be so again. */
import { type Rule, titled } from "../rule.js"

export const ledgerVerification: Rule = {
  name: "ledger-verification",
  types: ["LedgerFaultFound", "LedgerFoundSound"],
  async judge(event) {
    const about = { kind: "ledger", name: "ledger" } as const
    if (event.type === "LedgerFoundSound") return [{ is: "right", about }]
    if (event.type !== "LedgerFaultFound") return []
    const title = titled(`the ledger is not what was signed: ${event.data.message}`)
    return [{ is: "wrong", about, severity: "critical", title }]
  },
}
