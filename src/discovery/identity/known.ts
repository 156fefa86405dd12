/** What has to be known to link one record: the records of every machine in question, what they say, and what people said of them. */
import type { RecordId } from "#kernel/ids.js"
import type { JsonObject } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { RecordRow } from "#projections/inventory/read.js"
import type { ViewsReader } from "#projections/views.js"
import { type Evidence, evidenceOf } from "./evidence.js"
import type { Pairs, Targets } from "./group.js"
import { type Judgement, judge } from "./judge.js"

interface Account {
  readonly record: RecordRow
  readonly document: JsonObject
  readonly evidence: Evidence
  readonly said: ReadonlyMap<RecordId, "linked" | "separated">
}

export class Known implements Pairs {
  readonly targets: Targets
  readonly #accounts: ReadonlyMap<RecordId, Account>
  readonly #tellsApart: (source: string) => boolean

  private constructor(
    targets: Targets,
    accounts: ReadonlyMap<RecordId, Account>,
    tellsApart: (source: string) => boolean,
  ) {
    this.targets = targets
    this.#accounts = accounts
    this.#tellsApart = tellsApart
  }

  /** @param records of the machines in question; those that are retired are not */
  static async of(
    records: Iterable<RecordId>,
    views: ViewsReader,
    at: Position,
    tellsApart: (source: string) => boolean,
  ): Promise<Known> {
    const targets = new Map<RecordId, readonly RecordId[]>()
    const accounts = new Map<RecordId, Account>()
    for (const id of records) {
      if (accounts.has(id)) continue
      const leader = (await views.inventory.linkOf(id, at))?.id ?? id
      const members = await views.inventory.membersOf(leader, at)
      for (const record of members) {
        const document = await views.inventory.document(record.no, at, facets)
        const said = await views.identity.saidOf(record.id, at)
        accounts.set(record.id, { record, document, evidence: evidenceOf(document), said })
      }
      const isThere = members.some((record) => accounts.get(record.id)?.document["lifecycle"] !== "retired")
      if (isThere)
        targets.set(
          leader,
          members.map((record) => record.id),
        )
    }
    return new Known(targets, accounts, tellsApart)
  }

  readonly judged = (a: RecordId, b: RecordId): Judgement | undefined => {
    const [one, other] = [this.#accounts.get(a), this.#accounts.get(b)]
    if (one === undefined || other === undefined) return undefined
    const sameSource = one.record.source === other.record.source && this.#tellsApart(one.record.source)
    const bothThere = [one, other].every(({ document }) => document["lifecycle"] === "observed")
    return judge(one.evidence, other.evidence, { toldApart: sameSource && bothThere })
  }

  readonly byHand = (a: RecordId, b: RecordId) => this.#accounts.get(a)?.said.get(b)

  /** Of the machines with these ids the one that the oldest record began, and those that become part of it. */
  merging(ids: readonly RecordId[]): readonly [RecordId, ...RecordId[]] | undefined {
    const no = (id: RecordId) => this.#accounts.get(id)?.record.no ?? 0
    const [oldest, ...others] = ids.toSorted((a, b) => no(a) - no(b))
    return oldest === undefined ? undefined : [oldest, ...others]
  }
}

const facets = ["lifecycle", "identity", "hardware", "network", "guest", "access"]
