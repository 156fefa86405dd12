/** What one looks for, completed while it is written. `Enter` lists what is found, of the kind that is looked at; what is called as it begins is a step away. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { type Answer, ask } from "../ask.js"
import { toContent } from "../focus.js"
import { useKeys } from "../keys.js"
import { complete, search } from "../operations.js"
import { at, go, hrefOf, place } from "../place.js"

type Completion = Answer<NonNullable<typeof complete.of>>
type Named = Answer<NonNullable<typeof search.of>>["items"][number]

const mostNamed = 8
/** A word alone, of two letters or more. */
const isName = /^\s*\w[\w.@-]+\s*$/

const lists: Readonly<Record<string, "target" | "service" | "stack">> = {
  "/machines": "target",
  "/services": "service",
  "/stacks": "stack",
}

export function QueryBox() {
  const box = useRef<HTMLInputElement>(null)
  const text = useSignal("")
  const found = useSignal<Completion | undefined>(undefined)
  const named = useSignal<readonly Named[]>([])
  const chosen = useSignal(-1)
  // Whoever passes by on the way through the page takes nothing along.
  const isWriting = useRef(false)
  const asking = useRef<AbortController | undefined>(undefined)
  const { path, params } = place.value
  const inAddress = params.get("q") ?? ""
  useEffect(() => void (text.value = inAddress), [inAddress, text])
  useKeys([{ keys: "/", does: "Write a query", run: () => box.current?.select() }], [])

  const close = () => {
    asking.current?.abort()
    found.value = undefined
    named.value = []
    chosen.value = -1
  }
  const open = ({ entity: { id } }: Named) => {
    close()
    text.value = inAddress
    toContent()
    go(hrefOf(`/entities/${id}`))
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
    // An input that is empty is not sent.
    const q = text.value || " "
    const input = { q, cursor: box.current?.selectionStart ?? q.length, kind }
    const asked = <T,>(answer: Promise<T>) => answer.catch(() => undefined)
    const [completion, called] = await Promise.all([
      asked(ask(complete, { ...input, at: at.value }, abort.signal)),
      isName.test(q)
        ? asked(ask(search, { q: `name:${q.trim()}*`, limit: mostNamed, at: at.value }, abort.signal))
        : undefined,
    ])
    if (abort.signal.aborted) return
    found.value = completion !== undefined && completion.items.length > 0 ? completion : undefined
    named.value = called?.items ?? []
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
    const thing = named.value[chosen.value - items.length]
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const count = items.length + named.value.length
      if (count === 0) return void completed()
      // From the last one into what is written, and from there to the first.
      const step = event.key === "ArrowDown" ? 1 : -1
      chosen.value = ((chosen.value + 1 + step + count + 1) % (count + 1)) - 1
    } else if (
      event.key === "Tab" &&
      !event.shiftKey &&
      (item !== undefined || (isWriting.current && items.length > 0))
    )
      take(item ?? (items[0] as string))
    else if (event.key === "Enter") {
      if (thing !== undefined) open(thing)
      else if (item === undefined) look()
      else take(item)
    } else if (event.key === "Escape") {
      if (found.value === undefined && named.value.length === 0) toContent()
      close()
    } else return
    event.preventDefault()
  }

  const items = found.value?.items ?? []
  const isOpen = items.length + named.value.length > 0
  return (
    <search class="query">
      <input
        ref={box}
        type="text"
        role="combobox"
        aria-label="Query"
        aria-expanded={isOpen}
        aria-controls="completions"
        aria-autocomplete="list"
        aria-activedescendant={chosen.value >= 0 ? `completion-${chosen.value}` : undefined}
        placeholder='role:production health<0.7 os:"Debian 12" package:openssl'
        value={text.value}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          text.value = event.currentTarget.value
          isWriting.current = true
          void completed()
        }}
        onFocus={() => {
          isWriting.current = false
          void completed()
        }}
        onBlur={close}
        onKeyDown={onKeyDown}
      />
      <kbd aria-hidden="true">/</kbd>
      <ul id="completions" role="listbox" aria-label="Completions" hidden={!isOpen}>
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
        {named.value.map((thing, index) => (
          <li
            key={thing.entity.id}
            id={`completion-${items.length + index}`}
            class="named"
            role="option"
            aria-selected={items.length + index === chosen.value}
            onMouseDown={(event) => {
              event.preventDefault()
              open(thing)
            }}
          >
            <span>{thing.entity.name}</span>{" "}
            <span class="soft">
              {thing.target === null ? "machine" : `${thing.entity.kind} on ${thing.target.name}`}
            </span>
          </li>
        ))}
      </ul>
    </search>
  )
}
