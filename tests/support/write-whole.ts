/** Writes a file so that whoever reads it meanwhile finds all of what was there before, or all of this. */
import * as fs from "node:fs"

export function writeWhole(file: string, text: string): void {
  fs.writeFileSync(`${file}.next`, text)
  fs.renameSync(`${file}.next`, file)
}
