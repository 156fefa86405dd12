/** Reading what may be in an archive that is not there. */
import { FleetError } from "#kernel/errors.js"

/** Undefined where it takes an archive that is not there. */
export async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof FleetError && error.code === "ArchiveUnavailable") return undefined
    throw error
  }
}
