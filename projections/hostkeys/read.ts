import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export type HostKeysReader = ReturnType<typeof hostKeysReader>

export function hostKeysReader(db: Db) {
  const trusted = db.prepare<{ at: number }, { name: string; key: string }>(
    `SELECT name, key FROM host_keys k WHERE position =
       (SELECT max(position) FROM host_keys WHERE name = k.name AND algorithm = k.algorithm AND position <= $at) ORDER BY name, algorithm`,
  )
  return {
    /** The last key that was trusted of every host and algorithm; names as known_hosts has them. */
    trusted: async (at: Position): Promise<readonly { readonly name: string; readonly key: string }[]> =>
      trusted.all({ at }),
  }
}
