/** What the keys do, on `?`. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { isPending, listedKeys, useKeys } from "../keys.js"

export function Help() {
  const isOpen = useSignal(false)
  const dialog = useRef<HTMLDialogElement>(null)
  useKeys([{ keys: "?", does: "Show these keys", run: () => (isOpen.value = true) }], [])
  useEffect(() => {
    if (isOpen.value) dialog.current?.showModal()
  }, [isOpen.value])
  return (
    <>
      {isPending.value ? (
        <p class="pending" aria-hidden="true">
          <kbd>g</kbd> … then where to
        </p>
      ) : null}
      <dialog class="help" ref={dialog} aria-labelledby="help" onClose={() => (isOpen.value = false)}>
        <h1 id="help">Keys</h1>
        <dl>
          {isOpen.value
            ? listedKeys().map(({ keys, does }) => (
                <div key={keys}>
                  <dt>
                    {keys.split(" ").map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))
            : null}
        </dl>
        <form method="dialog">
          <button class="primary">Close</button>
        </form>
      </dialog>
    </>
  )
}
