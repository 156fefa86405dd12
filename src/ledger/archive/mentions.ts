/**
 * What texts mention that nothing compresses: SHA-256 in hexadecimal, and UUIDs. A file has the bytes of each once, in the block that is the first to mention it, counted in units of as
 * many bytes as an id has. In a text a mark stands for it, and a number says what: whether a hash (1) or an id (0), and above that bit 0 for the next that is new, or how far a known one is
 * from behind the known one before (zigzag, from 1).
 */

export const unitBytes = 16

const mentioned = /[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
/** JSON has no such character. */
const mark = "\u0001"
/** Units of an id and of a hash. */
const unitsOf = [1, 2] as const

/** A text with marks, and what they stand for. */
export interface Marked {
  readonly text: string
  readonly numbers: readonly number[]
  /** The bytes of what is new. */
  readonly own: Buffer
  /** The bytes of what blocks before have, as it is mentioned. */
  readonly foreign: Buffer
}

/** What a file mentions, in the making. */
export class Mentions {
  /** Where each is, by its bytes as a text of single ones, which unlike a part of a text holds on to no other. */
  readonly #units = new Map<string, number>()
  #count = 0

  /** @param text of a block */
  mark(text: string): Marked {
    const [begin, numbers, own, foreign]: [number, number[], string[], string[]] = [this.#count, [], [], []]
    let behind = 0
    const marked = text.replace(mentioned, (mention) => {
      const kind = mention.includes("-") ? 0 : 1
      const bytes = Buffer.from(mention.replaceAll("-", ""), "hex").toString("latin1")
      const unit = this.#units.get(bytes)
      if (unit === undefined) {
        numbers.push(kind)
        own.push(bytes)
        this.#units.set(bytes, this.#count)
        this.#count += unitsOf[kind]
      } else {
        const step = unit - behind
        numbers.push(2 * (step < 0 ? -2 * step : 2 * step + 1) + kind)
        behind = unit + unitsOf[kind]
        if (unit < begin) foreign.push(bytes)
      }
      return mark
    })
    const bytesOf = (all: readonly string[]) => Buffer.from(all.join(""), "latin1")
    return { text: marked, numbers, own: bytesOf(own), foreign: bytesOf(foreign) }
  }
}

/** Copies so many bytes, from where blocks before have a unit on, to a place in a buffer. */
export type CopyUnits = (unit: number, bytes: number, to: Buffer, at: number) => void

/**
 * Undoes `mark`.
 *
 * @param begin units of the blocks before
 */
export function unmarked(
  { text, numbers, own }: Omit<Marked, "foreign">,
  begin: number,
  copy: CopyUnits,
): Pick<Marked, "text" | "foreign"> {
  const parts = text.split(mark)
  if (parts.length !== numbers.length + 1) throw new RangeError("a block has other marks than numbers")
  // All bytes become text at once, as it is done for every event that is read: where those of each are comes first.
  const bytes = Buffer.allocUnsafe(own.length + numbers.length * unitBytes * unitsOf[1])
  own.copy(bytes)
  const places: number[] = []
  let [known, behind, end] = [0, 0, own.length]
  for (const number of numbers) {
    const [units, step] = [unitsOf[(number % 2) as 0 | 1], Math.floor(number / 2)]
    let unit = begin + known
    if (step === 0) known += units
    else {
      unit = behind + (step % 2 === 0 ? -step / 2 : (step - 1) / 2)
      behind = unit + units
    }
    if (unit >= begin) places.push((unit - begin) * unitBytes)
    else {
      copy(unit, units * unitBytes, bytes, end)
      places.push(end)
      end += units * unitBytes
    }
  }
  const hex = bytes.toString("hex", 0, end)
  const pieces = parts.map((part, i) => {
    if (i === numbers.length) return part
    const from = 2 * (places[i] as number)
    const isHash = (numbers[i] as number) % 2 === 1
    return part + (isHash ? hex.slice(from, from + 64) : uuid(hex.slice(from, from + 32)))
  })
  return { text: pieces.join(""), foreign: bytes.subarray(own.length, end) }
}

function uuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
