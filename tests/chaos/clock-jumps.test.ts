/** The clock of the machine is moved while the program serves, a month forwards and back by days, as by somebody who sets it right: nothing is concluded from that alone, and nothing lives for ever. */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { clocksCanBeMoved, movedClock } from "#tests/support/moved-clock.js"
import { isTorture } from "#tests/support/often.js"
import { answer, ran, startServer } from "#tests/support/program.js"
import { needs } from "#tests/support/real-parts.js"
import { storedIn } from "#tests/support/stored-events.js"
import { writeWhole } from "#tests/support/write-whole.js"
import { tempFolder } from "#tests/support/temp-folder.js"

/** Days from now. */
const jumps = isTorture
  ? Array.from({ length: 200 }, (_, n) => [30, 29, 0, -1, 400, -30][n % 6] as number)
  : [30, 29, 0]

interface Head {
  readonly recordedAt: string
  readonly observedAt: string
}

const dayMs = 86_400_000
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

describe.runIf(needs("libfaketime", clocksCanBeMoved))("a clock that is moved", () => {
  it(`${jumps.length} times while it looks`, { timeout: 60_000 + jumps.length * 5_000 }, async () => {
    const began = Date.now()
    const folder = await tempFolder()
    const clock = movedClock(folder)
    const hosts = path.join(folder, "hosts.yaml")
    const config = path.join(folder, "config.yaml")
    const say = (...names: readonly string[]) =>
      writeWhole(hosts, `hosts:\n${names.map((name) => `  - name: ${name}\n`).join("")}`)
    say("web-1", "web-2")
    fs.writeFileSync(config, `sources:\n  - name: racks\n    kind: file\n    path: ${hosts}\n    every: 1s\n`)
    const options = { data: `${folder}/data`, env: { FLEET_LEDGER_CONFIG: config } }
    const port = await freePort()
    const server = await startServer(port, { ...options, env: { ...options.env, ...clock.env } })
    const discover = () => answer<{ runs: readonly { outcome: string }[] }>(["discover"], options)
    const { secret } = await answer<{ secret: string }>(["token", "create", "day", "--expires", "1d"], options)
    const status = async () =>
      (await fetch(`http://127.0.0.1:${port}/api/v1/targets`, { headers: { authorization: `Bearer ${secret}` } }))
        .status
    expect(await status()).toBe(200)
    const names = ["web-1", "web-2"]
    for (const [round, days] of jumps.entries()) {
      clock.set(days)
      expect((await discover()).runs).toMatchObject([{ outcome: "completed" }])
      expect([days, await status()]).toEqual([days, days < 1 ? 200 : 401])
      names.push(`late-${round}`)
      say(...names)
      await discover()
      const { items } = await answer<{ items: readonly { name: string }[] }>(["targets", "--limit", "500"], options)
      expect(items.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    }
    expect(await server.stop()).toBe(0)
    const stored = storedIn(options)
    const heads = stored.map(({ head }) => JSON.parse(head) as Head)
    expect(stored.map(({ position }) => position)).toEqual(stored.map((_, index) => index))
    expect(heads.map(({ recordedAt }) => recordedAt)).toEqual(heads.map(({ recordedAt }) => recordedAt).toSorted())
    // When it was seen is what the clock said then, also where that is before what was recorded last.
    for (const days of jumps)
      expect(heads.some(({ observedAt }) => observedAt.startsWith(dayOf(began + days * dayMs)))).toBe(true)
    expect(stored.map(({ type }) => type).filter((type) => /Unseen|Retired|Reappeared|AlertRaised/.test(type))).toEqual(
      [],
    )
    expect((await ran(["verify"], options)).stdout).toMatch(/^verified/)
    expect((await ran(["rebuild"], options)).stdout).toContain("equal to the views")
  })
})
