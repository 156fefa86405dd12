/** What is asked in one go is asked in one request: a browser has few connections, and the page is drawn once for all that is answered and not once for each. */
import { fetched, linesOf, parsed, refusalOf } from "./answers.js"

interface Question {
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
  /** As it is asked by itself. */
  readonly alone: () => Promise<unknown>
  readonly signal: AbortSignal | undefined
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Of an answer: what it would have been by itself. */
interface Line {
  readonly question: number
  readonly status: number
  readonly body: object
}

/** As many as the server takes at once. */
const most = 20
/** What takes longer than the first answer by so much is drawn by itself. */
const patienceMs = 50

let waiting: Question[] = []

/** @throws Refused; TypeError when the server cannot be reached; DOMException `AbortError` */
export function askTogether(asked: Omit<Question, "resolve" | "reject">): Promise<unknown> {
  return new Promise((resolve, reject) => {
    waiting.push({ ...asked, resolve, reject })
    if (waiting.length === 1) queueMicrotask(send)
  })
}

function send(): void {
  const questions = waiting
  waiting = []
  for (let first = 0; first < questions.length; first += most) void answered(questions.slice(first, first + most))
}

async function answered(questions: readonly Question[]): Promise<void> {
  const left = new Set(questions)
  try {
    const [only] = questions
    if (only !== undefined && questions.length === 1) only.resolve(await only.alone())
    else await batched(questions, left)
  } catch (error) {
    for (const question of left) question.reject(error)
  }
}

/** @param left those that were not answered yet */
async function batched(questions: readonly Question[], left: Set<Question>): Promise<void> {
  const response = await fetched("/api/v1/batch", {
    method: "POST",
    signal: whenAllAbort(questions),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ questions: questions.map(({ operation, input }) => ({ operation, input })) }),
  })
  let come: Line[] = []
  let due: ReturnType<typeof setTimeout> | undefined
  const settle = () => {
    clearTimeout(due)
    due = undefined
    for (const { question: index, status, body } of come) {
      const question = questions[index]
      if (question === undefined) continue
      left.delete(question)
      if (status === 200) question.resolve(body)
      else question.reject(refusalOf(status, body))
    }
    come = []
  }
  try {
    for await (const line of linesOf(response)) {
      come.push(parsed(line) as Line)
      if (come.length === left.size) settle()
      else due ??= setTimeout(settle, patienceMs)
    }
  } finally {
    settle()
  }
  if (left.size > 0) throw new TypeError("the answer broke off")
}

function whenAllAbort(questions: readonly Question[]): AbortSignal {
  const abort = new AbortController()
  const isOver = () => questions.every(({ signal }) => signal?.aborted === true)
  for (const { signal } of questions) signal?.addEventListener("abort", () => isOver() && abort.abort(), { once: true })
  return abort.signal
}
