/** What depends on what: who waits in a circle, for what is not there, or for what does not run; and what most depends on. */
import type { TargetDocument } from "#events/facets/target.js"
import { type EntityRef, entityRef } from "#timeline/entity.js"
import { documentOfTarget, recordsOfTarget } from "#timeline/target.js"
import { inTurns } from "#timeline/turns.js"
import type { Asked } from "./asked.js"
import { cyclesIn } from "./cycles.js"
import { conditionOf, found } from "./found.js"
import { type Cell, type Section, figures, section, tableOf } from "./report.js"
import { type Service, type Stack, stacksAt } from "./waiting.js"

export async function dependencies(asked: Asked): Promise<readonly Section[]> {
  const stacks = await stacksAt(asked)
  const { guests, homeless, hosts } = await guestsOf(asked)
  const waits = stacks.flatMap((stack) => waitsIn(stack))
  const cycles = stacks.flatMap((stack) => cyclesIn(namesIn(stack)).map((cycle) => ({ stack, cycle })))
  const missing = waits.filter(({ on }) => on === undefined)
  const broken = waits.filter(({ on }) => on !== undefined && !on.some(({ status }) => status === "running"))
  return [
    section("What depends on what", {
      figures: figures({
        stacks: stacks.length,
        "services that wait for others": new Set(waits.map(({ by }) => by)).size,
        guests,
      }),
    }),
    await inStacks(
      asked,
      "Services that wait in a circle",
      ["stack", "machine", "circle"],
      cycles,
      ({ stack, cycle }) => {
        return { stack: stack.name, circle: [...cycle, cycle[0]].join(" → ") }
      },
    ),
    await inStacks(
      asked,
      "Services that wait for what is not there",
      ["service", "machine", "stack", "waits for"],
      missing,
      (wait) => told(wait),
    ),
    await inStacks(
      asked,
      "Services that wait for what does not run",
      ["service", "machine", "stack", "waits for", "status"],
      broken,
      (wait) => {
        return { ...told(wait), status: wait.on?.[0]?.status ?? null }
      },
    ),
    await inStacks(
      asked,
      "Services that most others wait for",
      ["service", "machine", "stack", "waiting"],
      mostWaitedFor(stacks),
      (one) => {
        return { service: one.on, stack: one.stack.name, waiting: one.count }
      },
    ),
    section("Guests on a machine that nobody knows", {
      table: tableOf(["guest", "node", "cluster"], homeless, asked.most, ({ guest, node, cluster }) => ({
        guest,
        node,
        cluster,
      })),
    }),
    section("Machines that most guests run on", {
      table: tableOf(["machine", "guests"], hosts, asked.most, ({ host, count }) => ({ machine: host, guests: count })),
    }),
    await found(asked, ["Stacks with a failed service", "stack", "service.status:failed"]),
  ]
}

interface Wait {
  readonly stack: Stack
  readonly by: EntityRef
  readonly name: string
  /** Undefined if there is no service of that name. */
  readonly on: readonly Service[] | undefined
}

function waitsIn(stack: Stack): readonly Wait[] {
  return [...stack.services.values()]
    .flat()
    .flatMap(({ entity, waitsFor }) =>
      waitsFor.map((name) => ({ stack, by: entity, name, on: stack.services.get(name) })),
    )
}

function namesIn({ services }: Stack): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map([...services].map(([name, all]) => [name, new Set(all.flatMap(({ waitsFor }) => waitsFor))]))
}

function told({ by, stack, name }: Wait) {
  return { service: by, stack: stack.name, "waits for": name }
}

function mostWaitedFor(stacks: readonly Stack[]) {
  const counts = new Map<EntityRef, { readonly stack: Stack; readonly on: EntityRef; count: number }>()
  for (const { stack, on } of stacks.flatMap(waitsIn))
    for (const { entity } of on ?? []) {
      const known = counts.get(entity) ?? { stack, on: entity, count: 0 }
      counts.set(entity, known)
      known.count += 1
    }
  return [...counts.values()].toSorted((a, b) => b.count - a.count || (a.on.name < b.on.name ? -1 : 1))
}

/** A table of what is in stacks, with the machine that each is on. */
async function inStacks<T extends { readonly stack: Stack }>(
  asked: Asked,
  title: string,
  columns: readonly string[],
  all: readonly T[],
  row: (item: T) => Readonly<Record<string, Cell>>,
): Promise<Section> {
  const rows = []
  for (const item of all.slice(0, asked.most)) rows.push({ ...row(item), machine: await nameOf(asked, item.stack) })
  return section(title, { table: { columns, rows, total: all.length } })
}

async function nameOf({ line: { views }, point }: Asked, { targetId }: Stack): Promise<Cell> {
  const record = await views.inventory.record(targetId)
  return record === undefined ? null : entityRef(views, record, point.position)
}

/** Guests of hypervisors, and the machines that they say they are on. */
async function guestsOf(asked: Asked) {
  const { views } = asked.line
  const at = asked.point.position
  const [turn, known] = [inTurns(), new Map<string, { readonly host: EntityRef; count: number }>()]
  const each = async (
    q: string,
    facets: readonly string[],
    tell: (document: Partial<TargetDocument>, entity: EntityRef) => void,
  ) => {
    for (const no of await views.entities.numbers({
      kind: "target",
      at,
      condition: await conditionOf(asked, "target", q),
    })) {
      const record = await views.inventory.recordByNo(no)
      if (record === undefined) continue
      const document = await documentOfTarget(views, await recordsOfTarget(views, record.id, at), at, facets)
      tell(document, await entityRef(views, record, at))
      await turn()
    }
  }
  await each("hypervisor.cluster:*", ["hypervisor"], ({ hypervisor }, host) => {
    known.set(`${hypervisor?.cluster} ${host.name}`, { host, count: 0 })
  })
  const homeless: { readonly guest: EntityRef; readonly node: string; readonly cluster: string }[] = []
  let guests = 0
  await each("guest.node:*", ["guest"], ({ guest }, entity) => {
    guests += 1
    const host = known.get(`${guest?.cluster} ${guest?.node}`)
    if (host !== undefined) host.count += 1
    else homeless.push({ guest: entity, node: guest?.node ?? "", cluster: guest?.cluster ?? "" })
  })
  const hosts = [...known.values()]
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count || (a.host.name < b.host.name ? -1 : 1))
  return { guests, homeless, hosts }
}
