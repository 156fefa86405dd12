/** The order of the tests' files: rooms whose files take longest come first, so that in the end no core waits long for another. */
import { BaseSequencer, type TestSpecification } from "vitest/node"

const rooms = ["e2e", "chaos", "contract", "integration", "property", "spec"]

export class LongestFirst extends BaseSequencer {
  /** Within a room as Vitest has it: by what they took the last time, else by size. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const roomOf = ({ moduleId }: TestSpecification) => rooms.findIndex((room) => moduleId.includes(`/tests/${room}/`))
    return (await super.sort(files)).toSorted((one, other) => roomOf(one) - roomOf(other))
  }
}
