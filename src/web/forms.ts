/** What was written into a form. */
import { pointOf } from "./time.js"

/** Without space around it; empty where there is no such field. */
export function written(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name)
  return typeof value === "string" ? value.trim() : ""
}

/** A moment, of which days and clocks are those of whoever wrote it. */
export function moment(form: HTMLFormElement, name: string): string {
  return pointOf(written(form, name))
}
