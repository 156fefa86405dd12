/**
 * What is asked at one point is a round. Along which points one drags, only the next round is asked for where the handle is by then, when what is shown is the last one's: so a picture
 * follows the handle as fast as it can be had, and nothing is asked that is not looked at.
 */
import { batch, signal } from "@preact/signals"

/** Where it is dragged to, at this moment; it stands in no address yet. */
export const dragged = signal<string | undefined>(undefined)
/** Where that was when it was last asked about. */
export const askedAt = signal<string | undefined>(undefined)

/** A round that takes longer is given up for the next. */
const patienceMs = 1_000

let waited = 0
let complete: (() => void) | undefined
let isFollowing = false

/** Something is asked: @returns what is to be called once when it is answered, or not waited for any more */
export function asking(): () => void {
  let isOpen = true
  waited += 1
  return () => {
    if (!isOpen) return
    isOpen = false
    waited -= 1
    if (waited === 0) complete?.()
  }
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
