/** `fleet-ledger simulate`: fills a folder of its own with a fleet that does not exist. */
import { FleetError } from "#kernel/errors.js"
import { parseDuration } from "#kernel/duration.js"
import { simulate as run, simulationConfig } from "#simulation/simulate.js"
import { complain } from "./complain.js"
import { say, watched } from "./watched.js"

export interface SimulateFlags {
  readonly data: string
  readonly targets: string
  readonly services: string
  readonly days: string
  readonly seed: string
  readonly every: string
}

export async function simulate(flags: SimulateFlags): Promise<void> {
  const request = {
    targets: wholeNumber("targets", flags.targets, 1, 100_000),
    services: wholeNumber("services", flags.services, 0, 100),
    days: wholeNumber("days", flags.days, 1, 365),
    seed: wholeNumber("seed", flags.seed, 0, 2 ** 32 - 1),
    every: duration("every", flags.every),
  }
  const config = simulationConfig(flags.data, process.env)
  const done = await watched((watching) => run(config, request, { ...watching, failed: complain }))
  const rate = Math.round(done.events / done.seconds)
  say(`simulated ${done.targets} targets, ${done.services} services, ${done.stacks} stacks over ${request.days} days`)
  say(
    `${done.looks} looks, ${done.events} events, ${done.changes} of them changes, in ${done.seconds.toFixed(1)} s (${rate} events/s)`,
  )
  const growth = done.bytesPerYear === undefined ? "" : `, and ${kibibytes(done.bytesPerYear)} a year`
  say(`on disk for each target ${kibibytes(done.bytesAtFirst)} after the first look${growth}`)
  say(`look at it with --data ${flags.data}`)
}

/** @throws FleetError `InvalidInput` */
function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new FleetError("InvalidInput", `--${flag} is "${text}"; allowed is a whole number from ${least} to ${most}`)
}

/** @throws FleetError `InvalidInput` */
function duration(flag: string, text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= 60_000 && ms <= 86_400_000) return ms
  throw new FleetError(
    "InvalidInput",
    `--${flag} is "${text}"; allowed is a duration from a minute to a day, like 15m or 1h`,
  )
}

const kibibytes = (bytes: number) => `${Math.round(bytes / 1_024)} KiB`
