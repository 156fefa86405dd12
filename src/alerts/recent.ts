/**
 * What was appended because of the last events, known before the views show it, so that nobody waits for the disk and the views between one event and the next. Whatever the
 * views do know counts as they know it: people may have had their say since.
 */
import type { Position } from "#kernel/point.js"
import type { OpenAlert } from "#projections/alerts/read.js"
import { subjectOf } from "#projections/alerts/subject.js"
import type { Effect } from "#subscriptions/handler.js"
import type { Memory } from "./memory.js"

/** Effects that are kept; then the views are waited for. */
const most = 500

interface Raised extends OpenAlert {
  readonly subject: string
}

interface Known {
  /** Which of these alerts the views know. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>
}

export class Recent {
  #raised: Raised[] = []
  /** The same by the id of what they are about: asked for at every event. */
  readonly #raisedAbout = new Map<string, Raised[]>()
  /** By alert, the position of what it was resolved because of. */
  readonly #resolved = new Map<string, Position>()
  readonly #appending = new Set<Promise<unknown>>()
  /** At first: somebody may have appended before. */
  #isSure = false

  /** Whether the views have to be waited for before the next event is judged. */
  get isOver(): boolean {
    return !this.#isSure || this.#raised.length + this.#resolved.size >= most
  }

  /** @param appended says whether they stand as they are */
  note(effects: readonly Effect[], cause: Position, appended: Promise<boolean>): void {
    for (const { alert: id, event } of effects) {
      if (event.type === "AlertRaised") {
        const { rule, about, count = 1 } = event.data
        const raised = { id, rule, subject: subjectOf(about), about, count, cause }
        this.#raised.push(raised)
        if (about.id !== undefined) this.#raisedAbout.set(about.id, [...this.#about(about.id), raised])
      } else if (event.type === "AlertResolved" && !this.#resolved.has(id)) this.#resolved.set(id, cause)
    }
    const doubt = () => void (this.#isSure = false)
    const over = appended.then((stand) => (stand ? undefined : doubt()), doubt)
    this.#appending.add(over)
    void over.then(() => this.#appending.delete(over))
  }

  /** Begins anew once the views show everything. @param shown waits for that; called when nothing is being appended any more */
  async shown(shown: () => Promise<void>): Promise<void> {
    await Promise.all(this.#appending)
    await shown()
    this.#raised = []
    this.#raisedAbout.clear()
    this.#resolved.clear()
    this.#isSure = true
  }

  #about(id: string): readonly Raised[] {
    return this.#raisedAbout.get(id) ?? []
  }

  /** The memory of an event at `before`, of what the views show and of this. */
  over(memory: Memory, views: Known, before: Position): Memory {
    const isOpen = ({ id }: OpenAlert) => !((this.#resolved.get(id) ?? before) < before)
    const notYetShown = async (raised: readonly Raised[]): Promise<readonly Raised[]> => {
      const all = raised.filter(({ cause }) => cause < before)
      if (all.length === 0) return all
      const known = await views.known(all.map(({ id }) => id))
      return all.filter(({ id }) => !known.has(id))
    }
    // Both are asked in one turn, so that the views show the same to both.
    const open = async (
      shown: Promise<readonly OpenAlert[]>,
      raised: readonly Raised[],
    ): Promise<readonly OpenAlert[]> => {
      const [some, others] = await Promise.all([shown, notYetShown(raised)])
      return some.length + others.length === 0 ? some : [...some, ...others].filter(isOpen).toSorted(byCause)
    }
    const about = new Map<string, Promise<readonly OpenAlert[]>>()
    return {
      openOf: (rule) =>
        open(
          memory.openOf(rule),
          this.#raised.filter((alert) => alert.rule === rule),
        ),
      openAbout: (id) => {
        const found = about.get(id) ?? open(memory.openAbout(id), this.#about(id))
        about.set(id, found)
        return found
      },
      open: async (rule, subject) => {
        const raised = this.#raised.filter((alert) => alert.rule === rule && alert.subject === subject)
        const [shown, others] = await Promise.all([memory.open(rule, subject), notYetShown(raised)])
        return [...(shown === undefined ? [] : [shown]), ...others].filter(isOpen).toSorted(byCause).at(-1)
      },
      timesRaised: async (rule, subject, after) => {
        const raised = this.#raised.filter(
          (alert) => alert.rule === rule && alert.subject === subject && alert.cause > after,
        )
        const [shown, others] = await Promise.all([memory.timesRaised(rule, subject, after), notYetShown(raised)])
        return shown + others.length
      },
      pending: (key) => memory.pending(key),
    }
  }
}

function byCause(a: OpenAlert, b: OpenAlert): number {
  return a.cause - b.cause || (a.id < b.id ? -1 : 1)
}
