/**
 * How often something is tried that is worth trying again and again: a few times, which finds what breaks it mostly, or, in `npm run torture`, for longer than
 * anybody has patience.
 */

export const isTorture = process.env["FLEET_LEDGER_TORTURE"] === "1"

export function often(times: number, inTorture: number = 20 * times): number {
  return isTorture ? inTorture : times
}
