/** Asks who is looking, above the page: whoever has to sign in again finds everything where it was. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { Refused } from "../answers.js"
import { written } from "../forms.js"
import { session, signIn } from "../session.js"

export function SignIn() {
  const dialog = useRef<HTMLDialogElement>(null)
  const problem = useSignal<string | undefined>(undefined)
  const isBusy = useSignal(false)
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    // It is gone without having been closed, which would give the focus back.
    return () => before instanceof HTMLElement && before.focus()
  }, [])

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const token = written(event.target as HTMLFormElement, "token")
    isBusy.value = true
    signIn(token)
      .catch((error: unknown) => {
        problem.value =
          error instanceof Refused && error.status === 401
            ? "That token is wrong, expired or revoked."
            : error instanceof Refused
              ? error.message
              : "The server does not answer. Is it still running?"
      })
      .finally(() => (isBusy.value = false))
  }

  const wasHere = session.value !== undefined
  const isOldLink = location.pathname === "/login"
  return (
    <dialog class="sign-in" ref={dialog} aria-labelledby="sign-in" onCancel={(event) => event.preventDefault()}>
      <h1 id="sign-in">{wasHere ? "Your session has ended" : "Sign in"}</h1>
      <p>
        {wasHere ? "Sign in again and go on where you are." : null}
        {isOldLink ? "This link was used already, or is too old. " : null}
        {wasHere ? null : (
          <>
            Open the link that <code>fleet-ledger login</code> prints, or give a token.
          </>
        )}
      </p>
      <form onSubmit={submit}>
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          spellcheck={false}
        />
        {problem.value === undefined ? null : (
          <p class="problem" role="alert">
            {problem.value}
          </p>
        )}
        <button class="primary" disabled={isBusy.value}>
          Sign in
        </button>
      </form>
      <p class="soft">
        <code>fleet-ledger token create NAME</code> makes a token.
      </p>
    </dialog>
  )
}
