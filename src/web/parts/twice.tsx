/** What is gone once it is done takes two presses: the first says so, and is forgotten as soon as one goes elsewhere. */
import { useSignal } from "@preact/signals"

interface TwiceProps {
  readonly title: string
  /** What it does, and to what. */
  readonly label: string
  readonly onSure: () => void
}

export function Twice({ title, label, onSure }: TwiceProps) {
  const isAsked = useSignal(false)
  const press = () => {
    if (isAsked.value) onSure()
    isAsked.value = !isAsked.value
  }
  return (
    <button
      type="button"
      class={`link${isAsked.value ? " sure" : ""}`}
      aria-label={isAsked.value ? `Really ${label.toLowerCase()}` : label}
      onClick={press}
      onBlur={() => (isAsked.value = false)}
    >
      {isAsked.value ? "Really?" : title}
    </button>
  )
}
