/** What was written into a form. */

/** Without space around it; empty where there is no such field. */
export function written(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name)
  return typeof value === "string" ? value.trim() : ""
}
