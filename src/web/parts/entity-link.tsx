/** A thing of the fleet, leading to its page at the time that is looked at. */
import { hrefOf } from "../place.js"

export interface EntityRef {
  readonly kind: string
  readonly id: string
  readonly name: string
}

export function EntityLink({ entity: { id, name } }: { readonly entity: EntityRef }) {
  return <a href={hrefOf(`/entities/${id}`)}>{name}</a>
}
