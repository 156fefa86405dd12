/** Whether what is shown follows what happens. */
import { connection } from "../live.js"
import { isPast } from "../place.js"

export function Connection() {
  const state = connection.value
  const said =
    state === "lost"
      ? "Connection lost, trying again"
      : state === "connecting"
        ? "Connecting"
        : isPast.value
          ? "Connected; the past stands still"
          : "Live"
  return (
    <p class={`connection ${state}`} role="status">
      <i aria-hidden="true" />
      {said}
    </p>
  )
}
