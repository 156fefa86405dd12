/**
 * Time, on every page: the strip of changes, a handle to travel with and a second one to compare. What is dragged to is shown at once, and is in the address when
 * it is let go.
 */
import { useSignal } from "@preact/signals"
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks"
import { density, queryList } from "../operations.js"
import { moment } from "../forms.js"
import { useKeys } from "../keys.js"
import { at, change, isPast, place, to, travel } from "../place.js"
import { drag, dragged, drop } from "../rounds.js"
import { localTime, pointText } from "../time.js"
import { useAnswer } from "../use-answer.js"
import { Handle } from "./handle.js"
import { choose, presets, range, stretch, zoom } from "./range.js"
import { step } from "./steps.js"
import { compareNoMore, resolved, resolvedBy, resolvedOther } from "./resolved.js"
import { spokenAt } from "./spoken.js"
import { type Density, Strip } from "./strip.js"
import { ticks } from "./ticks.js"

const buckets = 240
const height = 40
/** So near to the end is now. */
const snapPx = 6

export function Scrubber() {
  const strip = useRef<HTMLDivElement>(null)
  const width = useSignal(0)
  const pointed = useSignal<number | undefined>(undefined)
  const draggedTo = useSignal<number | undefined>(undefined)
  const [atLeft, otherLeft] = [useSignal(0), useSignal(0)]
  const entity = /^\/entities\/([^/]+)$/.exec(place.value.path)?.[1]
  const about = entity === undefined ? {} : { entity: decodeURIComponent(entity) }
  const { name: _, ...limits } = range.value
  const shown = useAnswer(density, { ...about, ...limits, buckets, at: "now" })
  // The least that can be asked tells what the point is that was asked for.
  const point = useAnswer(queryList, {})
  const other = useAnswer(queryList, to.value === undefined ? undefined : { at: to.value })
  // Not after it is painted: how long before it something was is told of it, in the same picture.
  useLayoutEffect(() => void (resolved.value = resolvedBy(point)), [point.answer, point.error])
  useLayoutEffect(() => void (resolvedOther.value = resolvedBy(other)), [other.answer, other.error])
  useLayoutEffect(() => (to.value === undefined ? compareNoMore() : undefined), [to.value])
  useEffect(() => {
    const known = shown.answer
    if (known !== undefined) stretch.value = { from: Date.parse(known.from.time), to: Date.parse(known.to.time) }
  }, [shown.answer])
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => (width.value = entry?.contentRect.width ?? 0))
    observer.observe(strip.current as Element)
    return () => observer.disconnect()
  }, [width])

  useKeys(
    [
      { keys: "[", does: "To the change before", run: () => step("back", about) },
      { keys: "]", does: "To the change after", run: () => step("forth", about) },
      { keys: ".", does: "Back to now", run: () => travel(undefined) },
      { keys: "c", does: "Compare with another time, or no more", run: () => compare() },
      {
        keys: "t",
        does: "To the strip of time",
        run: () => strip.current?.querySelector<HTMLElement>(".handle.at")?.focus(),
      },
    ],
    [entity],
  )

  const answer = shown.answer
  const from = answer === undefined ? 0 : Date.parse(answer.from.time)
  const end = Math.max(answer === undefined ? 1 : Date.parse(answer.to.time), from + 1)
  const xOf = (time: number) => ((time - from) / (end - from)) * width.value
  const timeAt = (x: number) => from + (Math.min(Math.max(x, 0), width.value) / Math.max(width.value, 1)) * (end - from)
  const endsNow = range.value.to === undefined
  // However often the handles move.
  const drawn = useMemo(
    () =>
      answer === undefined || width.value === 0 ? null : (
        <Strip
          density={answer}
          ticks={ticks(from, end, width.value / 90)}
          width={width.value}
          height={height}
          xOf={xOf}
        />
      ),
    [answer, width.value],
  )

  const instantAt = (x: number) => (endsNow && x > width.value - snapPx ? undefined : toTheSecond(timeAt(x)))
  const grab = (start: PointerEvent) => {
    if (start.button !== 0 || answer === undefined) return
    start.preventDefault()
    const element = strip.current as HTMLDivElement
    const { left } = element.getBoundingClientRect()
    const isOther = start.shiftKey || (start.target as Element).closest(".handle.other") !== null
    const move = (event: PointerEvent) => {
      const x = event.clientX - left
      ;(isOther ? otherLeft : atLeft).value = within(x, width.value)
      if (isOther) draggedTo.value = timeAt(x)
      else drag(instantAt(x) ?? "now")
    }
    const release = (event: PointerEvent) => {
      element.removeEventListener("pointermove", move)
      element.removeEventListener("pointerup", release)
      element.removeEventListener("pointercancel", release)
      const chosen = instantAt(event.clientX - left)
      draggedTo.value = undefined
      if (isOther) change({ to: chosen ?? "now" })
      else drop(() => travel(chosen))
    }
    element.setPointerCapture(start.pointerId)
    element.addEventListener("pointermove", move)
    element.addEventListener("pointerup", release)
    element.addEventListener("pointercancel", release)
    move(start)
    element.querySelector<HTMLElement>(".handle.at")?.focus()
  }

  const draggedAt =
    dragged.value === undefined
      ? undefined
      : Date.parse(dragged.value === "now" ? new Date(end).toISOString() : dragged.value)
  const atTime = draggedAt ?? (isPast.value ? Date.parse(point.answer?.at.time ?? "") : end)
  const otherTime = draggedTo.value ?? Date.parse(other.answer?.at.time ?? "")
  useLayoutEffect(() => {
    if (Number.isFinite(atTime)) atLeft.value = within(xOf(atTime), width.value)
    if (Number.isFinite(otherTime)) otherLeft.value = within(xOf(otherTime), width.value)
  }, [atTime, otherTime, from, end, width.value])
  const one = Math.max((end - from) / buckets, 1_000)
  /** Of either handle, which is at a time now. @param move undefined is now */
  const moving = (time: number, move: (point: string | undefined) => void) => (event: KeyboardEvent) => {
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: -one,
      ArrowRight: one,
      PageDown: -10 * one,
      PageUp: 10 * one,
    }
    const by = moves[event.key]
    if (event.key === "End") move(undefined)
    else if (event.key === "Home") move(toTheSecond(from + 999))
    else if (by !== undefined && Number.isFinite(time)) {
      const next = time + by
      move(next >= end && endsNow ? undefined : toTheSecond(Math.max(next, from)))
    } else return
    event.preventDefault()
  }

  return (
    <section class="scrubber" aria-label="Time" aria-busy={shown.isLoading}>
      <div class="controls">
        <Moment problem={point.error?.message} />
        <span class="group">
          <button
            type="button"
            title="The change before ( [ )"
            aria-label="To the change before"
            onClick={() => step("back", about)}
          >
            ‹
          </button>
          <button
            type="button"
            title="The change after ( ] )"
            aria-label="To the change after"
            onClick={() => step("forth", about)}
          >
            ›
          </button>
          <button
            type="button"
            class="now"
            title="Back to now ( . )"
            aria-disabled={!isPast.value}
            onClick={() => travel(undefined)}
          >
            Now
          </button>
        </span>
        <button
          type="button"
          aria-pressed={to.value !== undefined}
          title="Compare with another time ( c )"
          onClick={compare}
        >
          Compare
        </button>
        <span class="pointed" aria-hidden="true">
          {pointed.value === undefined || answer === undefined ? null : (
            <Pointed density={answer} time={pointed.value} />
          )}
        </span>
        <span class="legend" aria-hidden="true">
          {["info", "notice", "warning", "critical"].map((severity) => (
            <span key={severity} class={severity}>
              {severity}
            </span>
          ))}
          <span class="blind">not all seen</span>
        </span>
        <span class="group" role="group" aria-label="How much time the strip shows">
          {presets.map((preset) => (
            <button
              key={preset.name}
              type="button"
              aria-pressed={range.value.name === preset.name}
              onClick={() => choose(preset)}
            >
              {preset.name}
            </button>
          ))}
        </span>
      </div>
      <div
        class="strip"
        ref={strip}
        onPointerDown={grab}
        onPointerMove={(event) =>
          (pointed.value = timeAt(event.clientX - event.currentTarget.getBoundingClientRect().left))
        }
        onPointerLeave={() => (pointed.value = undefined)}
        onWheel={(event) => {
          if (answer === undefined || Math.abs(event.deltaY) < Math.abs(event.deltaX)) return
          event.preventDefault()
          const about_ = timeAt(event.clientX - event.currentTarget.getBoundingClientRect().left)
          zoom(from, end, about_, event.deltaY < 0 ? 0.7 : 1.4)
        }}
      >
        {drawn}
        {Number.isFinite(otherTime) && answer !== undefined ? (
          <span
            class="between"
            style={placed(xOf(Math.min(atTime, otherTime)), xOf(Math.max(atTime, otherTime)), width.value)}
          />
        ) : null}
        {Number.isFinite(atTime) && answer !== undefined ? (
          <Handle
            name={`at${atTime < from ? " outside" : ""}`}
            label="Point in time"
            time={atTime}
            range={{ from, end }}
            text={heardAt(answer, atTime, !isPast.value)}
            left={atLeft}
            onKeyDown={moving(atTime, (point_) => travel(point_, { replace: true }))}
          />
        ) : null}
        {Number.isFinite(otherTime) && answer !== undefined ? (
          <Handle
            name="other"
            label="Point that it is compared with"
            time={otherTime}
            range={{ from, end }}
            text={heardAt(answer, otherTime, to.value === "now")}
            left={otherLeft}
            onKeyDown={moving(otherTime, (point_) => change({ to: point_ ?? "now" }, { replace: true }))}
          />
        ) : null}
      </div>
    </section>
  )
}

/** So that it can be read: nobody points any better. */
function toTheSecond(time: number): string {
  return new Date(Math.floor(time / 1_000) * 1_000).toISOString()
}

function compare(): void {
  change({ to: to.value === undefined ? (isPast.value ? "now" : "-1d") : undefined })
}

/** Where a handle is, and what happened about then. */
function heardAt(known: Density, time: number, isNow: boolean): string {
  const when = isNow ? "now" : localTime(new Date(time).toISOString())
  return [when, spokenAt(known, time)].filter(Boolean).join(" · ")
}

function within(x: number, width: number): number {
  return Math.min(Math.max(x, 0), width)
}

function placed(left: number, right: number, width: number) {
  return { left: `${within(left, width)}px`, width: `${within(right, width) - within(left, width)}px` }
}

/** The point as one writes it: a time, an age, a position, a snapshot. */
function Moment({ problem }: { readonly problem: string | undefined }) {
  return (
    <form
      class="moment"
      onSubmit={(event) => {
        event.preventDefault()
        const text = moment(event.currentTarget, "at")
        travel(text === "" || text === "now" ? undefined : text)
      }}
    >
      <label>
        <span>At</span>
        <input
          key={at.value ?? "now"}
          name="at"
          defaultValue={pointText(at.value ?? "")}
          placeholder="now · -2h · yesterday 14:00"
          title="now, -2h, yesterday 14:00, 2026-11-23, position:12, snapshot:NAME"
          spellcheck={false}
          autocomplete="off"
          aria-invalid={problem !== undefined && isPast.value}
        />
      </label>
    </form>
  )
}

function Pointed({ density: known, time }: { readonly density: Density; readonly time: number }) {
  const said = spokenAt(known, time)
  return said === undefined ? null : (
    <>
      {localTime(new Date(time).toISOString())} · {said}
    </>
  )
}
