/** The error that an action must end with: an expected one of ours, never a crash. */
import { FleetError } from "#kernel/errors.js"

export async function refusalOf(action: () => unknown): Promise<FleetError> {
  try {
    await action()
  } catch (error) {
    if (error instanceof FleetError) return error
    throw error
  }
  throw new Error("it was expected to be refused, and went through")
}
