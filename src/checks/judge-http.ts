/** Whether what a web server answered is what was expected. */
import * as vm from "node:vm"
import type { HttpCheck } from "#config/checks.js"
import type { Instant } from "#kernel/clock.js"
import { type Outcome, failing, passing, unknown } from "./outcome.js"
import { endsTooSoon } from "./tls.js"

export interface Answered {
  readonly status: number
  /** Where it leads, where it was not followed. */
  readonly location: string | undefined
  /** Of the certificate that was shown, in ms since the epoch. */
  readonly validUntil: number | undefined
  /** What was read of the body; missing where it was not. */
  readonly body?: string
}

/** A pattern may take for ever on a text that somebody made for it. */
const patternMs = 100

export function judgeHttp(answer: Answered, expect: HttpCheck["expect"], now: Instant): Outcome {
  const { status, location, body = "" } = answer
  const isExpected = expect.status?.includes(status) ?? (status >= 200 && status < 300)
  if (!isExpected) {
    const wanted = expect.status?.join(" or ") ?? "200 to 299"
    const leads = location === undefined ? "" : ` and leads to ${location.split(/[?#]/)[0]?.slice(0, 200)}`
    return failing(`it answers ${status}${leads}, and ${wanted} is expected`)
  }
  const soon = endsTooSoon(answer.validUntil, expect.certificateDays, now)
  if (soon !== undefined) return failing(soon)
  if (expect.body !== undefined && !body.includes(expect.body)) return failing("the text that is expected is not in it")
  return expect.bodyMatches === undefined ? passing : matched(body, expect.bodyMatches)
}

function matched(body: string, pattern: string): Outcome {
  try {
    const found: unknown = vm.runInNewContext(
      "new RegExp(pattern, 'u').test(body)",
      { pattern, body },
      { timeout: patternMs },
    )
    return found === true ? passing : failing("it does not match what is expected")
  } catch {
    return unknown(`the pattern that is expected took longer than ${patternMs} ms on what it answers`)
  }
}
