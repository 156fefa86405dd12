/** A table of any length: only the rows in sight are there. By `j` and `k` one goes through them, by `Enter` into one; the focus goes along. */
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core"
import { type Signal, useSignal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"
import { land } from "../focus.js"
import { useKeys } from "../keys.js"

export interface Column<T> {
  readonly name: string
  readonly title: string
  /** As CSS knows track sizes. */
  readonly width: string
  readonly cell: (row: T) => ComponentChildren
  readonly numeric?: true
  /** What the server sorts by, where it can. */
  readonly sort?: string
}

interface GridProps<T> {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly total: number | undefined
  readonly keyOf: (row: T) => string
  readonly sort?: string
  readonly onSort?: (sort: string) => void
  /** When the end of what is known comes into sight. */
  readonly onMore: () => void
  readonly onOpen: (row: T) => void
}

const rowPx = 32
const headPx = 30
const nearEnd = 40

export function Grid<T>({ label, columns, rows, total, keyOf, sort, onSort, onMore, onOpen }: GridProps<T>) {
  const scroll = useRef<HTMLDivElement>(null)
  const chosen = useSignal(-1)
  const tick = useSignal(0)
  const virtual = useRef<Virtualizer<HTMLDivElement, HTMLDivElement> | null>(null)
  const options = {
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPx,
    overscan: 6,
    paddingStart: headPx,
    scrollPaddingStart: headPx,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => (tick.value += 1),
  }
  virtual.current ??= new Virtualizer<HTMLDivElement, HTMLDivElement>(options)
  const list = virtual.current
  list.setOptions(options)
  useEffect(() => list._didMount(), [list])
  useEffect(() => list._willUpdate())
  // Read so that scrolling draws.
  void tick.value

  const shown = list.getVirtualItems()
  const end = shown.at(-1)?.index ?? 0
  useEffect(() => {
    // At every drawing: what was asked for while something else was under way is asked for again.
    if (rows.length > 0 && end > rows.length - nearEnd) onMore()
  })

  // What is in sight counts when a key is pressed, whichever rows there were when it was listened for.
  const latest = useRef({ rows, onOpen })
  latest.current = { rows, onOpen }
  const isMoved = useRef(false)
  const move = (by: number) => {
    chosen.value = Math.min(Math.max(chosen.value + by, 0), latest.current.rows.length - 1)
    list.scrollToIndex(chosen.value)
    isMoved.current = true
  }
  useEffect(() => {
    // It may have to be scrolled to before it is there.
    const row = isMoved.current ? scroll.current?.querySelector<HTMLElement>('.row[aria-selected="true"]') : null
    if (row == null) return
    isMoved.current = false
    land(row)
  })
  const open = () => {
    const row = latest.current.rows[chosen.value]
    if (row !== undefined) latest.current.onOpen(row)
  }
  useKeys(
    [
      { keys: "j", does: "To the next row", run: () => move(1) },
      { keys: "k", does: "To the row before", run: () => move(-1) },
      { keys: "Enter", does: "Open the row", run: open },
    ],
    [],
  )

  const template = columns.map(({ width }) => width).join(" ")
  return (
    <div class="grid" role="table" aria-label={label} aria-rowcount={total ?? -1}>
      <div class="scroll" ref={scroll} tabIndex={0} role="rowgroup">
        <div class="head" role="row" style={{ gridTemplateColumns: template }}>
          {columns.map((column) => (
            <Heading key={column.name} column={column} sort={sort} onSort={onSort} />
          ))}
        </div>
        <div
          class="rows"
          role="presentation"
          style={{ height: `${list.getTotalSize() - headPx}px`, gridTemplateColumns: template }}
        >
          {shown.map(({ index, start }) => {
            const row = rows[index]
            return row === undefined ? null : (
              <Row
                key={keyOf(row)}
                row={row}
                index={index}
                top={start - headPx}
                columns={columns}
                template={template}
                chosen={chosen}
                onOpen={onOpen}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

interface RowProps<T> {
  readonly row: T
  readonly index: number
  /** From where rows begin, in pixels. */
  readonly top: number
  readonly columns: readonly Column<T>[]
  readonly template: string
  readonly chosen: Signal<number>
  readonly onOpen: (row: T) => void
}

/** As it reads a signal, it is drawn anew only when that or what it is given is another: not whenever others come into sight. */
function Row<T>({ row, index, top, columns, template, chosen, onOpen }: RowProps<T>) {
  return (
    <div
      class="row"
      role="row"
      aria-rowindex={index + 2}
      aria-selected={chosen.value === index}
      style={{ top: `${top}px`, gridTemplateColumns: template }}
      onClick={() => (chosen.value = index)}
      onDblClick={() => onOpen(row)}
    >
      {columns.map(({ name, cell, numeric }) => (
        <div key={name} class={`cell${numeric ? " num" : ""}`} role="cell">
          {cell(row)}
        </div>
      ))}
    </div>
  )
}

function Heading<T>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<T>
  readonly sort: string | undefined
  readonly onSort: ((sort: string) => void) | undefined
}) {
  const { title, numeric, sort: by } = column
  const isSorted = by !== undefined && (sort === by || sort === `-${by}`)
  const isDown = isSorted && sort?.startsWith("-")
  return (
    <div
      class={`cell${numeric ? " num" : ""}`}
      role="columnheader"
      aria-sort={isSorted ? (isDown ? "descending" : "ascending") : undefined}
    >
      {by === undefined || onSort === undefined ? (
        title
      ) : (
        <button type="button" class={isSorted ? "sorted" : ""} onClick={() => onSort(sort === by ? `-${by}` : by)}>
          {title}
          {isSorted ? (isDown ? " ↓" : " ↑") : ""}
        </button>
      )}
    </div>
  )
}
