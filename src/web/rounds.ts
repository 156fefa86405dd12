/**
 * What is asked at one point is a round. Along which points one drags, only the next round is asked for where the handle is by then, when what is shown is the last one's: so a picture
 * follows the handle as fast as it can be had, and nothing is asked that is not looked at.
 */
import { batch, signal } from "@preact/signals"

/** Where it is dragged to, at this moment; it stands in no address yet. */
export const dragged = signal<string | undefined>(undefined)
/** Where that was when it was last asked about. */
export const askedAt = signal<string | undefined>(undefined)

/** Whether somebody waits: what is answered sooner is not said to be asked for. */
export const isSlow = signal(false)

const soonMs = 200
/** A round that takes longer is given up for the next. */
const patienceMs = 1_000
/** What takes longer is drawn by itself. */
const togetherMs = 100

let waited = 0
let slow: ReturnType<typeof setTimeout> | undefined
let complete: (() => void) | undefined
let isStep = false
let held: (() => void) | undefined
let isFollowing = false

/** Something is asked: @returns what is to be called once when it is answered, or not waited for any more */
export function asking(): () => void {
  let isOpen = true
  waited += 1
  if (waited === 1) slow = setTimeout(() => (isSlow.value = true), soonMs)
  return () => {
    if (!isOpen) return
    isOpen = false
    waited -= 1
    if (waited > 0) return
    clearTimeout(slow)
    isSlow.value = false
    isStep = false
    complete?.()
    held?.()
  }
}

/** It is another point that is asked about. */
export function stepping(): void {
  isStep = true
}

/**
 * A step through time is one picture and not two: what it changes is drawn with what was asked for at it. All else is drawn as soon as those who ask because of the same change
 * have, so that their questions are on their way first.
 */
export function drawSoon(draw: () => void): void {
  const drawn = () => {
    if (!isStep) return draw()
    isStep = false
    const due = setTimeout(() => held?.(), togetherMs)
    held = () => {
      clearTimeout(due)
      held = undefined
      queueMicrotask(draw)
    }
  }
  queueMicrotask(() => queueMicrotask(drawn))
}

export function drag(point: string): void {
  dragged.value = point
  if (!isFollowing) void follow()
}

/** @param then where it is from now on */
export function drop(then: () => void): void {
  batch(() => {
    dragged.value = undefined
    askedAt.value = undefined
    then()
  })
}

async function follow(): Promise<void> {
  isFollowing = true
  while (askedAt.value !== dragged.value) {
    askedAt.value = dragged.value
    // Whoever shows it has asked before the next frame.
    await new Promise(requestAnimationFrame)
    await answered()
  }
  isFollowing = false
}

async function answered(): Promise<void> {
  if (waited === 0) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, patienceMs)
    complete = () => {
      clearTimeout(timer)
      resolve()
    }
  })
  complete = undefined
}
