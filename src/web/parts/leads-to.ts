/** Where what an alert is about can be seen: not everything that one is about is a thing of the fleet. */
interface Matter {
  readonly kind: string
  readonly id: string | null
}

/** @returns a path; undefined where no page is of it */
export function leadsTo({ kind, id }: Matter): string | undefined {
  switch (kind) {
    case "target":
    case "service":
    case "stack":
      return id === null ? undefined : `/entities/${id}`
    case "source":
      return "/discovery"
    case "check":
      return "/security"
    default:
      return undefined
  }
}
