/** What one looks for, completed while it is written. `Enter` lists what is found, of the kind that is looked at. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { type Answer, ask } from "../ask.js"
import { toContent } from "../focus.js"
import { useKeys } from "../keys.js"
import { complete } from "../operations.js"
import { at, go, hrefOf, place } from "../place.js"

type Completion = Answer<NonNullable<typeof complete.of>>

const lists: Readonly<Record<string, "target" | "service" | "stack">> = {
  "/machines": "target",
  "/services": "service",
  "/stacks": "stack",
}

export function QueryBox() {
  const box = useRef<HTMLInputElement>(null)
  const text = useSignal("")
  const found = useSignal<Completion | undefined>(undefined)
  const chosen = useSignal(-1)
  const asking = useRef<AbortController | undefined>(undefined)
  const { path, params } = place.value
  const inAddress = params.get("q") ?? ""
  useEffect(() => void (text.value = inAddress), [inAddress, text])
  useKeys([{ keys: "/", does: "Write a query", run: () => box.current?.select() }], [])

  const close = () => {
    asking.current?.abort()
    found.value = undefined
    chosen.value = -1
  }
  const look = () => {
    close()
    toContent()
    go(hrefOf(path in lists ? path : "/machines", { q: text.value.trim() }))
  }
  const completed = async () => {
    asking.current?.abort()
    const abort = new AbortController()
    asking.current = abort
    const kind = lists[path] ?? ("all" as const)
    const input = { q: text.value, cursor: box.current?.selectionStart ?? text.value.length, kind }
    const answer = await ask(complete, { ...input, at: at.value }, abort.signal).catch(() => undefined)
    if (abort.signal.aborted) return
    found.value = answer !== undefined && answer.items.length > 0 ? answer : undefined
    chosen.value = -1
  }
  const take = (item: string) => {
    const place_ = found.value
    if (place_ === undefined) return
    text.value = text.value.slice(0, place_.from) + item + text.value.slice(place_.to)
    const end = place_.from + item.length
    close()
    requestAnimationFrame(() => {
      box.current?.setSelectionRange(end, end)
      void completed()
    })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const items = found.value?.items ?? []
    const item = items[chosen.value]
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (items.length === 0) return void completed()
      const step = event.key === "ArrowDown" ? 1 : -1
      chosen.value = (chosen.value + step + items.length + 1) % (items.length + 1)
      if (chosen.value === items.length) chosen.value = -1
    } else if (event.key === "Tab" && items.length > 0 && !event.shiftKey) take(item ?? (items[0] as string))
    else if (event.key === "Enter") {
      if (item === undefined) look()
      else take(item)
    } else if (event.key === "Escape") {
      if (found.value === undefined) toContent()
      close()
    } else return
    event.preventDefault()
  }

  const items = found.value?.items ?? []
  return (
    <search class="query">
      <input
        ref={box}
        type="text"
        role="combobox"
        aria-label="Query"
        aria-expanded={items.length > 0}
        aria-controls="completions"
        aria-autocomplete="list"
        aria-activedescendant={chosen.value >= 0 ? `completion-${chosen.value}` : undefined}
        placeholder='role:production health<0.7 os:"Debian 12" package:openssl'
        value={text.value}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          text.value = event.currentTarget.value
          void completed()
        }}
        onFocus={() => void completed()}
        onBlur={close}
        onKeyDown={onKeyDown}
      />
      <kbd aria-hidden="true">/</kbd>
      <ul id="completions" role="listbox" aria-label="Completions" hidden={items.length === 0}>
        {items.map((item, index) => (
          <li
            key={item}
            id={`completion-${index}`}
            role="option"
            aria-selected={index === chosen.value}
            onMouseDown={(event) => {
              event.preventDefault()
              take(item)
            }}
          >
            {item}
          </li>
        ))}
      </ul>
    </search>
  )
}
