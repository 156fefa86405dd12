/** How the rules are called that are built in; one's own are asked for by their names, too. */
export const ruleNames = [
  "target-unreachable",
  "service-failed",
  "disk-full",
  "check-failing",
  "health-below",
  "host-key-changed",
  "certificate-expiring",
  "discovery-failing",
  "discovery-blind",
  "mass-absence",
  "drift-found",
  "unexpected-change",
  "source-silent",
  "ledger-verification",
]
