/** What systemd says of its services; the only command that this source runs, and only where systemd does. */
import { execFile } from "node:child_process"
import { foreignText } from "../../facts/foreign.js"
import type { Material } from "../../facts/material.js"
import { systemdProperties } from "../../facts/systemd.js"
import type { Files } from "./files.js"

const patienceMs = 15_000
const largest = 64 * 2 ** 20

export async function systemdUnits(files: Files): Promise<Material> {
  if ("absent" in (await files.list("/run/systemd/system"))) return { absent: true }
  // A pattern and not --type: it asks about units in every version, and with --all about those that do not run.
  const arguments_ = ["show", "--system", "--no-pager", "--all", `--property=${systemdProperties}`, "*.service"]
  const options = {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: largest,
    signal: files.signal,
    timeout: patienceMs,
  } as const
  return new Promise((resolve, reject) => {
    execFile("systemctl", arguments_, options, (error, stdout, stderr) => {
      if (files.signal.aborted) reject(files.signal.reason)
      else if (error === null) resolve({ text: stdout })
      else resolve({ denied: foreignText(`systemctl: ${stderr.trim().split("\n")[0] || error.message}`) })
    })
  })
}
