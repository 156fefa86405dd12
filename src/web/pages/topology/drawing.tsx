/** The drawing: moved by dragging, made larger by the wheel, and gone through by arrow keys. */
import { useSignal } from "@preact/signals"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import { healthOf } from "../../parts/health.js"
import { go, hrefOf } from "../../place.js"
import { type Box, type Drawn, type Frame, type Tile, lineHeight, nearestTo, tileHeight } from "./layout.js"
import { type Counts, healthText, servicesText } from "./tree.js"

interface View {
  readonly x: number
  readonly y: number
  readonly scale: number
}

const margin = 12
const [smallest, largest] = [0.05, 3]
const [phonePx, legible] = [600, 0.8]
const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

interface DrawingProps {
  readonly drawn: Drawn
  readonly onToggle: (key: string) => void
}

export function Drawing({ drawn, onToggle }: DrawingProps) {
  const svg = useRef<SVGSVGElement>(null)
  const view = useSignal<View>({ x: margin, y: margin, scale: 1 })
  const focused = useSignal<string | undefined>(undefined)
  const isMoved = useRef(false)
  const drag = useRef<{ readonly x: number; readonly y: number; readonly from: View } | undefined>(undefined)
  const { frames, tiles, width, height } = drawn
  const all: readonly (Frame | Tile)[] = [...frames, ...tiles]

  const fit = () => {
    const box = svg.current?.getBoundingClientRect()
    if (box === undefined || width === 0) return
    const [wide, tall] = [(box.width - 2 * margin) / width, (box.height - 2 * margin) / height]
    // On a phone the names can be read, and what lies further down is moved to.
    const least = box.width < phonePx ? Math.min(wide, legible) : 0
    const scale = Math.min(Math.max(Math.min(wide, tall), least), 1.25)
    view.value = { x: Math.max(margin, (box.width - width * scale) / 2), y: margin, scale: Math.max(scale, smallest) }
    isMoved.current = false
  }
  // Whoever has moved it keeps their place.
  useLayoutEffect(() => {
    if (!isMoved.current) fit()
  }, [width, height])
  useEffect(() => {
    addEventListener("resize", fit)
    return () => removeEventListener("resize", fit)
  })

  const zoom = (by: number, x?: number, y?: number) => {
    const box = svg.current?.getBoundingClientRect()
    if (box === undefined) return
    const before = view.value
    const scale = Math.min(Math.max(before.scale * by, smallest), largest)
    const [left, top] = [x === undefined ? box.width / 2 : x - box.left, y === undefined ? box.height / 2 : y - box.top]
    const grown = scale / before.scale
    view.value = { scale, x: left - (left - before.x) * grown, y: top - (top - before.y) * grown }
    isMoved.current = true
  }

  const focusOn = (one: Frame | Tile) => {
    focused.value = one.key
    svg.current?.querySelector<SVGElement>(`[data-key="${CSS.escape(one.key)}"]`)?.focus({ preventScroll: true })
    show(one)
  }
  /** Moves what is out of sight into it. */
  const show = (box: Box) => {
    const room = svg.current?.getBoundingClientRect()
    if (room === undefined) return
    const { x, y, scale } = view.value
    const inside = (at: number, size: number, space: number) =>
      at < margin ? margin - at : at + size > space - margin ? Math.min(space - margin - at - size, 0) : 0
    const [dx, dy] = [
      inside(x + box.x * scale, Math.min(box.width * scale, room.width - 2 * margin), room.width),
      inside(y + box.y * scale, tileHeight * scale, room.height),
    ]
    if (dx !== 0 || dy !== 0) view.value = { x: x + dx, y: y + dy, scale }
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const direction = arrows[event.key]
    const current = all.find(({ key }) => key === focused.value) ?? all[0]
    if (event.ctrlKey || event.metaKey || event.altKey || current === undefined) return
    if (direction !== undefined) {
      const next = nearestTo(current, all, direction)
      if (next !== undefined) focusOn(next)
    } else if (event.key === "+" || event.key === "=") zoom(1.25)
    else if (event.key === "-") zoom(0.8)
    else if (event.key === "0") fit()
    else if (event.key === "Enter" || event.key === " ") {
      if ("machine" in current) go(hrefOf(`/entities/${current.machine.id}`))
      else onToggle(current.key)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  const { x, y, scale } = view.value
  const tabbed = all.some(({ key }) => key === focused.value) ? focused.value : all[0]?.key
  return (
    <div class="drawing">
      <svg
        ref={svg}
        role="group"
        aria-label="Drawing of the fleet: arrow keys go from one to the next, Enter opens, plus and minus make it larger and smaller"
        onKeyDown={onKeyDown}
        onWheel={(event) => {
          event.preventDefault()
          zoom(Math.exp(-event.deltaY / 500), event.clientX, event.clientY)
        }}
        onPointerDown={(event) => {
          if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, from: view.value }
        }}
        onPointerMove={(event) => {
          const { current: begun } = drag
          if (begun === undefined || event.buttons === 0) return
          const [dx, dy] = [event.clientX - begun.x, event.clientY - begun.y]
          if (!isMoved.current && Math.hypot(dx, dy) < 4) return
          svg.current?.setPointerCapture(event.pointerId)
          isMoved.current = true
          view.value = { ...begun.from, x: begun.from.x + dx, y: begun.from.y + dy }
        }}
        onPointerUp={() => (drag.current = undefined)}
      >
        <g transform={`translate(${x} ${y}) scale(${scale})`}>
          {frames.map((frame) => (
            <FrameBox
              key={frame.key}
              frame={frame}
              isTabbed={frame.key === tabbed}
              onFocus={() => (focused.value = frame.key)}
              onToggle={() => onToggle(frame.key)}
            />
          ))}
          {tiles.map((tile) => (
            <TileBox
              key={tile.key}
              tile={tile}
              isTabbed={tile.key === tabbed}
              onFocus={() => (focused.value = tile.key)}
            />
          ))}
        </g>
      </svg>
      <div class="zoom">
        <button type="button" aria-label="Larger" title="Larger (+)" onClick={() => zoom(1.25)}>
          +
        </button>
        <button type="button" aria-label="Smaller" title="Smaller (-)" onClick={() => zoom(0.8)}>
          −
        </button>
        <button type="button" title="All of it (0)" onClick={fit}>
          Fit
        </button>
      </div>
    </div>
  )
}

interface FrameBoxProps {
  readonly frame: Frame
  readonly isTabbed: boolean
  readonly onFocus: () => void
  readonly onToggle: () => void
}

function FrameBox({ frame, isTabbed, onFocus, onToggle }: FrameBoxProps) {
  const { group, isOpen, x, y, width, height } = frame
  const { name, kind, counts, host } = group
  const said = healthText(counts)
  return (
    <g class={`frame-box ${kind}${isOpen ? " open" : ""}`} transform={`translate(${x} ${y})`}>
      <rect class="ground" width={width} height={height} rx="6" />
      <g
        class="head"
        role="button"
        tabIndex={isTabbed ? 0 : -1}
        data-key={frame.key}
        aria-expanded={isOpen}
        onFocus={onFocus}
        onClick={onToggle}
      >
        <title>{`${name}, ${kind}: ${said}`}</title>
        <rect class="hit" x="1" y="1" width={width - 2} height={(isOpen ? 30 : height) - 2} rx="5" />
        <text x="10" y="20" class="title" aria-hidden="true">
          {isOpen ? "▾" : "▸"} {cut(name, Math.floor(width / 7.5) - (isOpen ? 12 : 6))}
        </text>
        {isOpen ? (
          <text x={width - 10} y="20" class="count" aria-hidden="true">
            {counts.machines}
            {host === undefined ? "" : ` · ${host.health === null ? "–" : Math.round(host.health * 100)}`}
          </text>
        ) : (
          <>
            <text x="24" y="38" class="said" aria-hidden="true">
              {cut(said, 38)}
            </text>
            <Bar counts={counts} width={width} y={height - 10} />
          </>
        )}
      </g>
    </g>
  )
}

function Bar({ counts, width, y }: { readonly counts: Counts; readonly width: number; readonly y: number }) {
  const room = width - 20
  let from = 10
  return (
    <g aria-hidden="true">
      {(["critical", "warning", "healthy", "unknown"] as const).map((name) => {
        const part = (room * counts[name]) / Math.max(counts.machines, 1)
        const x = from
        from += part
        return part === 0 ? null : <rect key={name} class={`fill ${name}`} x={x} y={y} width={part} height="5" />
      })}
    </g>
  )
}

interface TileBoxProps {
  readonly tile: Tile
  readonly isTabbed: boolean
  readonly onFocus: () => void
}

function TileBox({ tile: { machine, lines, x, y, width, height }, isTabbed, onFocus }: TileBoxProps) {
  const { id, name, health, stacks, services } = machine
  const state = healthOf(health)
  const score = health === null ? "–" : String(Math.round(health * 100))
  const href = hrefOf(`/entities/${id}`)
  const label = `${name}: ${state}${health === null ? "" : `, ${score} of 100`}, ${stacks.length} stacks, ${servicesText(services)}`
  return (
    <a
      class="tile-box"
      href={href}
      tabIndex={isTabbed ? 0 : -1}
      data-key={id}
      draggable={false}
      onFocus={onFocus}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        go(href)
      }}
    >
      <title>{label}</title>
      <g transform={`translate(${x} ${y})`}>
        <rect class="ground" width={width} height={height} rx="4" />
        <rect class={`fill ${state}`} x="1" y="1" width="5" height={height - 2} rx="2" />
        <text x="13" y="18" aria-hidden="true">
          {cut(name, 18)}
        </text>
        <text x={width - 8} y="18" class={`score ${state}`} aria-hidden="true">
          {score}
        </text>
        {lines.map(({ text, isWrong }, index) => (
          <text
            key={text}
            x="13"
            y={tileHeight + lineHeight * (index + 1) - 6}
            class={isWrong ? "line critical" : "line"}
            aria-hidden="true"
          >
            {cut(`${isWrong ? "! " : ""}${text}`, 29)}
          </text>
        ))}
      </g>
    </a>
  )
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}
