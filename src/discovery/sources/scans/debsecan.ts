/** What debsecan prints: a line each, `CVE-2023-4911 libc6 (fixed, remotely exploitable, high urgency)`, as `--format summary` has it; of `--format simple` no urgency is known. */
import { type Scan, type Severity, countsOf } from "./counts.js"

const words = new Map<string, Severity>([
  ["high", "high"],
  ["medium", "medium"],
  ["low", "low"],
])

/** @throws Error when a line is none of these, or there is none: a scan that failed leaves an empty file, too */
export function debsecanScan(text: string): Scan {
  if (text.trim() === "") throw new Error("it is empty, as that of a scan that failed would be")
  if (!text.endsWith("\n")) throw new Error("its last line is cut off")
  const urgencies = text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, notes] = /^[A-Z]+-[\dA-Z-]+ [a-z\d][a-z\d.+:-]*(?: \(([a-z ,]*)\))?$/.exec(line) ?? refuse()
      return (
        /\b(high|medium|low) urgency$|\b(high|medium|low) urgency,/
          .exec(notes ?? "")
          ?.slice(1)
          .find(Boolean) ?? ""
      )
    })
  return { counts: countsOf(urgencies, words) }
}

function refuse(): never {
  throw new Error("it has lines that debsecan does not print")
}
