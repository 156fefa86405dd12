/** How the rules are called that are built in; one's own are asked for by their names, too. The page has nothing of the configuration's: a test holds these to it. */
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
