/**
 * What of the configuration goes into the ledger, as the past is judged by it: the policy, and the rules of what the fleet is meant to be like. Of instances that
 * share a ledger, the one that acts has its own in force: what the others have waits until it is their turn, so that no two say one after the other that theirs is.
 */
import type { RecordedEvent } from "#events/catalog.js"
import type { Policy } from "#events/policy.js"
import { type LoadedConfig, placeIn } from "#config/load.js"
import type { Config } from "#config/schema.js"
import { adoptRules, areAdopted, understoodRules } from "#drift/configured.js"
import { canonicalJson } from "#kernel/canonical-json.js"
import type { Clock } from "#kernel/clock.js"
import type { StreamName } from "#kernel/ids.js"
import { sleep } from "#kernel/sleep.js"
import { lastReadable } from "#ledger/last-readable.js"
import type { Ledger } from "#ledger/port.js"
import { unlessBeaten } from "#ledger/unless-beaten.js"
import type { Worker } from "#subscriptions/worker.js"

export interface Adopted {
  stop(): Promise<void>
}

interface Ports {
  readonly ledger: Ledger
  readonly clock: Clock
}

const policyStream = "policy" as StreamName
const retryMs = 5_000

/**
 * Resolves when a policy is in force: without one nothing can be concluded.
 * @param failed hears of what could not be adopted when its turn came; it is tried again
 * @throws FleetError `InvalidConfig` for rules that are not understood
 */
export async function adopting(
  ports: Ports,
  config: Pick<LoadedConfig, "policy" | "drift" | "file">,
  { isWorker, onChange }: Worker,
  failed: (error: unknown) => void,
): Promise<Adopted> {
  const {
    policy,
    drift: { rules },
  } = config
  await understoodRules(rules, placeIn(config))
  const adopt = async () => {
    await adoptPolicy(ports, policy, () => true)
    await adoptRules(ports, rules)
  }
  const abort = new AbortController()
  const inTurn = async () => {
    while (isWorker() && !abort.signal.aborted) {
      try {
        return await adopt()
      } catch (error) {
        failed(error)
        await sleep(retryMs, abort.signal)
      }
    }
  }
  let turn = Promise.resolve()
  const end = onChange(() => {
    turn = turn.then(inTurn)
  })
  if (isWorker()) await adopt()
  else await adoptPolicy(ports, policy, (last) => last === undefined)
  return {
    async stop() {
      end()
      abort.abort()
      await turn
    },
  }
}

/** Whether what is configured here is what is in force. */
export async function isAdopted(
  { ledger }: Pick<Ports, "ledger">,
  { policy, drift: { rules } }: Pick<Config, "policy" | "drift">,
): Promise<boolean> {
  return isPolicy(await lastReadable(ledger, policyStream), policy) && (await areAdopted(ledger, rules))
}

/** @param wanted whether it is to take the place of what was adopted last, if anything was */
async function adoptPolicy(
  { ledger, clock }: Ports,
  policy: Policy,
  wanted: (last: RecordedEvent | undefined) => boolean,
): Promise<void> {
  await unlessBeaten(async () => {
    const revision = await ledger.revisionOf(policyStream)
    const last = await lastReadable(ledger, policyStream)
    if (!wanted(last) || isPolicy(last, policy)) return
    const metadata = { actor: "system" }
    const event = { type: "PolicyAdopted", data: { policy }, metadata, observedAt: clock.now() } as const
    await ledger.append(policyStream, revision, [event], `adopt ${canonicalJson(policy)}`)
  })
}

function isPolicy(last: RecordedEvent | undefined, policy: Policy): boolean {
  return last?.type === "PolicyAdopted" && canonicalJson(last.data.policy) === canonicalJson(policy)
}
