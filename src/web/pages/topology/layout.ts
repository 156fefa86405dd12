/** Where everything is drawn: boxes in boxes, in rows, about as wide as a screen. Pure, in units of the drawing. */
import { type Group, type Machine, servicesText } from "./tree.js"

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A machine, with a line for each stack and one for its other services, where there is room for them. */
export interface Tile extends Box {
  readonly key: string
  readonly machine: Machine
  readonly lines: readonly { readonly id: string | null; readonly text: string; readonly isWrong: boolean }[]
}

export interface Frame extends Box {
  readonly key: string
  readonly group: Group
  readonly isOpen: boolean
}

export interface Drawn {
  readonly width: number
  readonly height: number
  readonly frames: readonly Frame[]
  readonly tiles: readonly Tile[]
}

export const tileWidth = 176
export const tileHeight = 28
export const lineHeight = 17
export const headHeight = 30
const closed = { width: 264, height: 58 }
const gap = 8
/** So many machines can tell of what is on them. */
const mostDetailed = 40
const mostLines = 5

interface Part {
  readonly width: number
  readonly height: number
  readonly place: (x: number, y: number) => void
}

/** @param ratio of the room that it is drawn in, width by height */
export function layOut(sites: readonly Group[], open: ReadonlySet<string>, ratio: number): Drawn {
  const frames: Frame[] = []
  const tiles: Tile[] = []
  const drawn = sites.flatMap((site) => [site, ...(open.has(site.key) ? site.groups : [])])
  const machines = drawn.reduce((sum, group) => sum + (open.has(group.key) ? group.machines.length : 0), 0)
  const isDetailed = machines <= mostDetailed

  const tile = (machine: Machine): Part => {
    const lines = isDetailed ? linesOf(machine) : []
    const height = tileHeight + (lines.length === 0 ? 0 : lines.length * lineHeight + 6)
    return {
      width: tileWidth,
      height,
      place: (x, y) => tiles.push({ key: machine.id, machine, lines, x, y, width: tileWidth, height }),
    }
  }
  const frame = (group: Group): Part => {
    const { key } = group
    const isOpen = open.has(key)
    if (!isOpen) return { ...closed, place: (x, y) => frames.push({ key, group, isOpen, x, y, ...closed }) }
    const inner = packed([...group.groups.map(frame), ...group.machines.map(tile)], ratio)
    const width = Math.max(inner.width, tileWidth) + 2 * gap
    const height = inner.height + headHeight + gap
    return {
      width,
      height,
      place(x, y) {
        frames.push({ key, group, isOpen, x, y, width, height })
        inner.place(x + gap, y + headHeight)
      },
    }
  }
  const all = packed(sites.map(frame), ratio)
  all.place(0, 0)
  return { width: all.width, height: all.height, frames, tiles }
}

/** So many widths are tried. */
const tried = 16

/** In rows, from left to right, so wide that the whole is seen largest. */
function packed(parts: readonly Part[], ratio: number): Part {
  const least = Math.max(0, ...parts.map(({ width }) => width))
  const most = parts.reduce((sum, { width }) => sum + width + gap, 0)
  let best: Rows | undefined
  for (let index = 0; index <= tried; index++) {
    const rows = inRows(parts, least + ((most - least) * index ** 2) / tried ** 2)
    if (best === undefined || sizeOf(rows, ratio) < sizeOf(best, ratio)) best = rows
  }
  const { width, height, placed } = best as Rows
  return {
    width,
    height,
    place: (left, top) => {
      for (const { part, x, y } of placed) part.place(left + x, top + y)
    },
  }
}

interface Rows {
  readonly width: number
  readonly height: number
  readonly placed: readonly { readonly part: Part; readonly x: number; readonly y: number }[]
}

/** By how much it has to be made smaller. */
function sizeOf({ width, height }: Rows, ratio: number): number {
  return Math.max(width, height * ratio)
}

function inRows(parts: readonly Part[], most: number): Rows {
  const placed: Rows["placed"][number][] = []
  let [x, y, row, width] = [0, 0, 0, 0]
  for (const part of parts) {
    if (x > 0 && x + part.width > most) {
      y += row + gap
      x = 0
      row = 0
    }
    placed.push({ part, x, y })
    width = Math.max(width, x + part.width)
    row = Math.max(row, part.height)
    x += part.width + gap
  }
  return { width, height: y + row, placed }
}

function linesOf({ stacks, services }: Machine): Tile["lines"] {
  const isWrong = (counts: Machine["services"]) => (counts.failed ?? 0) > 0
  const ofStacks = stacks.map((stack) => ({
    id: stack.id,
    text: `${stack.name}: ${servicesText(stack.services)}`,
    isWrong: isWrong(stack.services),
  }))
  const others =
    Object.keys(services).length === 0 ? [] : [{ id: null, text: servicesText(services), isWrong: isWrong(services) }]
  if (ofStacks.length + others.length <= mostLines) return [...ofStacks, ...others]
  const shown = ofStacks
    .toSorted((a, b) => Number(b.isWrong) - Number(a.isWrong))
    .slice(0, mostLines - 1 - others.length)
  return [...shown, { id: null, text: `${ofStacks.length - shown.length} stacks more`, isWrong: false }, ...others]
}

/** The nearest in a direction, by the middle of each: what arrow keys lead to. */
export function nearestTo<T extends Box>(
  from: Box,
  among: readonly T[],
  [dx, dy]: readonly [number, number],
): T | undefined {
  const [x, y] = anchorOf(from)
  let best: T | undefined
  let least = Infinity
  for (const one of among) {
    const [left, top] = anchorOf(one)
    const along = (left - x) * dx + (top - y) * dy
    if (along < 1) continue
    const across = Math.abs((left - x) * dy) + Math.abs((top - y) * dx)
    if (along + across * 3 >= least) continue
    least = along + across * 3
    best = one
  }
  return best
}

/** Where its name stands: of a large frame the middle says little. */
function anchorOf({ x, y }: Box): readonly [number, number] {
  return [x + tileWidth / 2, y + tileHeight / 2]
}
