/** What the README tells people to type, typed: in its order, on a simulated fleet, beside a server on the same folder. */
import { execFile } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { type Options, answer, ran, startServer } from "#tests/support/program.js"
import { tempFolder } from "#tests/support/temp-folder.js"

const program = path.resolve("dist/bin/main.js")

/** It follows until it is stopped (tests/e2e/changes.test.ts). */
const endless = "npx fleet-ledger watch"

/** Every command of a block of the README, without what is said about it. */
async function commandsOfReadme(): Promise<string[]> {
  const readme = await fs.readFile("README.md", "utf8")
  const blocks = [...readme.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, text]) => text as string)
  return blocks
    .flatMap((block) => block.split("\n"))
    .map((line) =>
      line
        .replace(/^\$ /, "")
        .replace(/\s{2,}# .*$|\s+# .*$/, "")
        .trim(),
    )
    .filter((line) => /^(?:npx fleet-ledger|node verify-export\.js) /.test(line) && line !== endless)
}

/** One that tells of every tag, so that there is an alert to ask for. */
const configuration = `
alerts:
  rules:
    - { name: tagged, on: [TargetTagged], severity: warning }
`

const cmdb = { entities: [{ kind: "target", name: "kept-elsewhere" }] }

it("every command of the README does what it is there for", { timeout: 240_000 }, async () => {
  const folder = await tempFolder()
  const options: Options = { data: path.join(folder, "data") }
  await fs.mkdir(path.join(folder, "mnt/backup"), { recursive: true })
  await fs.mkdir(path.join(folder, "mnt/cold"))
  await fs.writeFile(path.join(folder, "cmdb.json"), JSON.stringify(cmdb))
  const simulated = ["simulate", "--data", options.data, "--targets", "4", "--days", "14", "--every", "2h"]
  expect(await ran(simulated, options)).toMatchObject({ code: 0 })
  await fs.writeFile(path.join(folder, "fleet-ledger.yaml"), configuration)
  const { items } = await answer<{ items: { name: string }[] }>(["targets"], options)
  const [web, vm] = items.map(({ name }) => name) as [string, string]
  await answer(["tag", "add", web, "web"], options)
  let server = await startServer(await freePort(), options)
  const { items: alerts } = await answer<{ items: { id: string }[] }>(["alerts"], options)

  /** As it would have to be typed here. */
  const here = (command: string) =>
    command
      // A hundred machines are for people, who have half a minute.
      .replace("simulate ", "simulate --targets 4 --days 1 ")
      .replace(/\bweb-1\b/g, web)
      .replace(/\bvm\b/g, vm)
      .replace("5f0cbb0e", alerts[0]?.id ?? "no-alert")
      .replace("node verify-export.js", `node ${path.resolve("dist/src/ledger/proof/verify-export.js")}`)
      .replace("/mnt/cold/0-65535.0.fla", "$(echo mnt/cold/*.fla)")
      .replace(/\/mnt\//g, "mnt/")
      .replace("npx fleet-ledger", `node ${program}`)
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    FLEET_LEDGER_DATA: options.data,
    FLEET_LEDGER_KEYS: `${options.data}-keys`,
  }
  const commands = await commandsOfReadme()
  expect(commands.length).toBeGreaterThan(50)
  const typed = (text: string) => promisify(execFile)("sh", ["-c", text], { cwd: folder, env })
  /** What a shell makes of it is run; what goes into a file, or is another program, is the shell's to run. */
  const run = async (command: string): Promise<{ code: unknown; stderr: string }> => {
    const [, words] = /^npx fleet-ledger ([^>]+)$/.exec(command) ?? []
    if (words !== undefined) {
      const { stdout } = await typed(`printf '%s\\0' ${here(words)}`)
      return ran(stdout.split("\0").slice(0, -1), options)
    }
    return typed(here(command)).then(
      ({ stderr }) => ({ code: 0, stderr }),
      ({ code, stderr }: { code: unknown; stderr: string }) => ({ code, stderr }),
    )
  }
  for (const command of commands) {
    // A ledger takes another's place while nobody uses it.
    const alone = command.includes(" restore ")
    if (alone) await server.stop()
    const { code, stderr } = await run(command)
    const failed = code === 0 ? undefined : { code, stderr }
    expect({ command, failed }).toEqual({ command, failed: undefined })
    if (alone) server = await startServer(await freePort(), options)
  }
})
