/** What is decided upon what is known, and written at exactly that revision. */
import { FleetError } from "#kernel/errors.js"

/**
 * Where somebody else was quicker, it is decided again.
 * @param decide reads what is known anew each time
 * @param mostAttempts so many may be quicker
 * @throws FleetError `RevisionConflict` where it is always beaten, whatever `decide` throws
 */
export async function unlessBeaten<T>(decide: () => Promise<T>, mostAttempts = 20): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await decide()
    } catch (error) {
      const isBeaten = error instanceof FleetError && error.code === "RevisionConflict"
      if (!isBeaten || attempt === mostAttempts) throw error
    }
  }
}
