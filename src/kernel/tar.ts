/** Archives of plain files (POSIX ustar), made while they are sent: each file is known whole before its header is written. */
import { type Instant, epochMs } from "./clock.js"
import { bug } from "./errors.js"

const block = 512

/** @param name up to 100 ASCII characters @param text its content, in UTF-8 @param time when it was changed, as it is to be shown */
export function tarFile(name: string, text: string, time: Instant): string {
  if (!/^[\w./-]{1,100}$/.test(name)) throw bug(`no name of a file in an archive: ${name}`)
  const size = Buffer.byteLength(text)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0")
  const before = `${name.padEnd(100, "\0")}0000644\0${"0000000\0".repeat(2)}${octal(size, 11)}\0${octal(Math.floor(epochMs(time) / 1_000), 11)}\0`
  const after = `0${"\0".repeat(100)}ustar\u000000`
  // The checksum is made with spaces in its own place.
  const sum = Buffer.from(`${before}        ${after}`).reduce((all, byte) => all + byte, 0)
  const header = `${before}${octal(sum, 6)}\0 ${after}`
  return `${header.padEnd(block, "\0")}${text}${"\0".repeat((block - (size % block)) % block)}`
}

/** What an archive ends with. */
export const tarEnd = "\0".repeat(2 * block)
