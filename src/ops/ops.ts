/** The operational store as one thing to open and close. */
import { type Clock, epochMs } from "#kernel/clock.js"
import { storeError } from "#sqlite/errors.js"
import { openStore } from "#sqlite/open.js"
import { type Absences, absences } from "./absences.js"
import { type Answers, answers } from "./answered.js"
import { type Checkpoints, checkpoints } from "./checkpoints.js"
import { type Collected, collected } from "./collected.js"
import { type EvidenceIndex, evidenceIndex } from "./evidence.js"
import { type Decided, decided } from "./decided.js"
import { type Deadlines, deadlines } from "./deadlines.js"
import { type Deliveries, deliveries } from "./deliveries.js"
import { forgetter } from "./forget.js"
import { type DeadLetters, deadLetters } from "./dead-letters.js"
import { type Looks, looks } from "./looks.js"
import { type Measurements, type Rings, defaultRings, measurements } from "./measurements.js"
import { type Outbox, outbox } from "./outbox.js"
import { type StateChanges, stateChanges } from "./state-changes.js"
import { type SavedQueries, savedQueries } from "./queries.js"
import { opsStore } from "./store.js"
import { type ToldOf, toldOf } from "./told.js"
import { type Tokens, tokens } from "./tokens.js"

export interface Ops {
  readonly tokens: Tokens
  readonly measurements: Measurements
  readonly absences: Absences
  readonly stateChanges: StateChanges
  readonly looks: Looks
  readonly decided: Decided
  readonly evidence: EvidenceIndex
  readonly checkpoints: Checkpoints
  readonly deadLetters: DeadLetters
  readonly answers: Answers
  readonly queries: SavedQueries
  readonly collected: Collected
  readonly outbox: Outbox
  readonly deliveries: Deliveries
  readonly told: ToldOf
  readonly deadlines: Deadlines
  /** Masks a text that was redacted in what was kept beside the ledger; what is measured under a name that holds it is dropped. */
  forget(text: string, mask: string): Promise<void>
  close(): void
}

/** How much is kept of what is measured, and for how long what was set aside: dead letters, and messages that were given up. */
export interface Keeping extends Rings {
  readonly setAsideMs: number
}

const usual: Keeping = { ...defaultRings, setAsideMs: 90 * 86_400_000 }

/** @param keeping what differs from what is usual */
export function openOps(file: string, clock: Clock, keeping: Partial<Keeping> = {}): Ops {
  const { setAsideMs, ...rings } = { ...usual, ...keeping }
  const db = openStore(file, opsStore)
  const forget = forgetter(db)
  const keptSince = () => epochMs(clock.now()) - setAsideMs
  const parts = {
    tokens: tokens(db, clock),
    measurements: measurements(db, rings),
    absences: absences(db),
    stateChanges: stateChanges(db),
    looks: looks(db),
    decided: decided(db),
    evidence: evidenceIndex(db),
    checkpoints: checkpoints(db),
    deadLetters: deadLetters(db, keptSince),
    answers: answers(db, clock),
    queries: savedQueries(db, clock),
    collected: collected(db),
    outbox: outbox(db),
    deliveries: deliveries(db, keptSince),
    told: toldOf(db),
    deadlines: deadlines(db),
  }
  const what = `the operational store ${file}`
  const told = Object.entries(parts).map(([name, part]) => [name, inOurWords(part, what)])
  return {
    ...(Object.fromEntries(told) as typeof parts),
    forget: async (text, mask) => forget(text, mask),
    close: () => db.close(),
  }
}

type Calls = Readonly<Record<string, (...given: never[]) => unknown>>

/** The same calls, whose errors are told as those of every other store are. */
function inOurWords<T extends Calls>(part: T, what: string): T {
  const tell = (error: unknown) => {
    throw storeError(error, what)
  }
  const told = Object.entries(part).map(([name, call]) => [
    name,
    (...given: never[]) => {
      try {
        const answer = call(...given)
        return answer instanceof Promise ? answer.catch(tell) : answer
      } catch (error) {
        return tell(error)
      }
    },
  ])
  return Object.fromEntries(told) as T
}
