/** `1 machine`, `2 machines`. */
export function many(count: number, of: string): string {
  return `${count} ${of}${count === 1 ? "" : "s"}`
}
