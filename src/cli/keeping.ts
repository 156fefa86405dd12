/** `fleet-ledger backup`, `restore` and `import`: what works on the data folder's files rather than on an open ledger. */
import { localOwner } from "#api/access.js"
import { loadConfig } from "#config/load.js"
import * as keeping from "../keeping.js"
import { textOf } from "./files.js"
import type { GlobalFlags } from "./program.js"
import { say, watched } from "./watched.js"

export async function backup(file: string, flags: GlobalFlags): Promise<void> {
  const { events, root, unread } = await watched((watching) =>
    keeping.backup(loadConfig(flags, process.env), file, watching),
  )
  say(`copied and verified ${events} events, root ${root}, to ${file}; keep the folder of the signing key too`)
  sayUnread(unread)
}

export async function restore(file: string, flags: GlobalFlags & { readonly reason: string }): Promise<void> {
  const told = { actor: localOwner().name, reason: flags.reason }
  const {
    backup: had,
    lost,
    before,
    unread,
  } = await watched((watching) => keeping.restore(loadConfig(flags, process.env), file, told, watching))
  const loss = lost === 0 ? "nothing that was signed is lost" : `${lost} signed events are lost, and the ledger says so`
  say(`restored: ${had.events} events, root ${had.root}; ${loss}`)
  if (before !== undefined) say(`the ledger that was there is ${before}`)
  sayUnread(unread)
}

function sayUnread(unread: readonly { readonly first: number; readonly last: number }[]): void {
  for (const { first, last } of unread) {
    say(
      `positions ${first} to ${last} are in an archive that is elsewhere: keep that too; their root is what was signed`,
    )
  }
}

export async function importExport(file: string, flags: GlobalFlags & { readonly key?: string }): Promise<void> {
  const config = loadConfig(flags, process.env)
  const key = flags.key === undefined ? undefined : textOf(flags.key, "--key")
  const { events, origin, keyIsHere } = await watched((watching) => keeping.importExport(config, file, key, watching))
  say(`imported ${events} events of ${origin}`)
  if (keyIsHere) return
  say(
    `its signing key is not in ${config.keys}: what is recorded from now on cannot be sealed until that folder is put there`,
  )
}
