/** The log of a process that stays: lines of JSON on standard error, for whatever collects them. */
import { type Logger, pino } from "pino"

/** Whatever somebody may log by mistake of a request or of the configuration: what lets others in is not in it. */
const secrets = ["authorization", "cookie", "token", "secret", "password", "passphrase"].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
  `*.*.*.${name}`,
])

export function processLog(): Logger {
  // A person at a terminal wants to hear of trouble; whatever collects logs wants to hear of everything.
  const level = process.env["FLEET_LEDGER_LOG"] ?? (process.stderr.isTTY ? "warn" : "info")
  return pino({ level, redact: { paths: secrets, censor: "[secret]" } }, pino.destination(2))
}
