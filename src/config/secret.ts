/** Secrets are read where they are kept, when they are needed: configuration only says where. */
import * as fs from "node:fs"
import { FleetError, messageOf } from "#kernel/errors.js"

/**
 * @param reference `env:NAME` or `file:PATH`, of which the end of the last line is not part
 * @param what it is, for the error, which never holds it
 * @throws FleetError `InvalidConfig`
 */
export function readSecret(reference: string, what: string, env: NodeJS.ProcessEnv = process.env): string {
  const [, kind, place = ""] = /^(env|file):(.+)$/s.exec(reference) ?? []
  if (kind === "env") {
    const value = env[place]
    if (value === undefined || value === "") {
      throw new FleetError("InvalidConfig", `${what} is to be in the variable ${place}, which is not set`)
    }
    return value
  }
  if (kind !== "file") throw new FleetError("InvalidConfig", `${what} is given as env:NAME or file:PATH`)
  try {
    return fs.readFileSync(place, "utf8").replace(/\r?\n$/, "")
  } catch (cause) {
    throw new FleetError("InvalidConfig", `${what} cannot be read from ${place}: ${messageOf(cause)}`, { cause })
  }
}
