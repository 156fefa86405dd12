/**
 * Hosts over ssh that fail in every way that there is, all at once and for longer than it takes to retire what is missing: nothing is concluded from that, the
 * coverage says who failed and how, and whoever answers again is as if nothing had been. What is really gone is found.
 */
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import type { RecordedEvent } from "#events/catalog.js"
import type { Policy } from "#events/policy.js"
import type { FailedTarget } from "#events/source.js"
import type { Source } from "#discovery/observation.js"
import { recordId } from "#kernel/ids.js"
import { discoveryBench } from "#tests/support/discovery-bench.js"
import { often } from "#tests/support/often.js"
import { answer, startProgram } from "#tests/support/program.js"
import { needs } from "#tests/support/real-parts.js"
import { canMount, smallDisk } from "#tests/support/small-disk.js"
import { SshFleet, type SshdHost, sshFleetsCanBeMade, sshHostsCanBeApart } from "#tests/support/ssh-fleet.js"
import { type SshLooks, regardlessOfLoad, sshLooks } from "#tests/support/ssh-looks.js"
import { sshProgram } from "#tests/support/ssh-program.js"
import { type Stored, storedIn } from "#tests/support/stored-events.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { until } from "#tests/support/until.js"
import { sharedByTests } from "#tests/support/when-finished.js"

const policy = { ...regardlessOfLoad, retireAfterLooks: 2 }
const hour = 3_600_000
const rounds = often(3, 100)
/** A little longer than such a look takes from start to end. */
const lookMs = 1_200

interface Fault {
  readonly is: string
  readonly begins: (host: SshdHost, fleet: SshFleet) => unknown
  readonly ends: (host: SshdHost, fleet: SshFleet) => unknown
  readonly code?: string
  /** The first look may still find a connection that is kept. */
  readonly first?: RegExp
  readonly message: RegExp
}

const answersBy = (is: string, command: string, message: RegExp): Fault => ({
  is,
  begins: (host) => host.reconfigure(`ForceCommand ${command}`),
  ends: (host) => host.reconfigure(),
  message,
})

const faults: readonly Fault[] = [
  {
    is: "has no link",
    begins: (host) => host.linkDown(),
    ends: (host) => host.linkUp(),
    first: /did not answer within 3 s/,
    message: /cannot be reached|does not answer/,
  },
  {
    is: "is frozen",
    begins: (host) => host.freeze(),
    ends: (host) => host.thaw(),
    first: /did not answer within 3 s/,
    message: /does not answer at/,
  },
  {
    is: "has no sshd",
    begins: (host) => host.killSshd(),
    ends: (host) => host.startSshd(),
    message: /refuses connections/,
  },
  {
    is: "lets nobody in",
    begins: (host) => host.reconfigure("AuthorizedKeysFile none"),
    ends: (host) => host.reconfigure(),
    message: /does not let root in/,
  },
  {
    is: "has another key",
    begins: (host) => host.changeHostKey(),
    ends: (_, fleet) => fleet.knowAll(),
    code: "HostKeyChanged",
    message: /somebody else may be answering/,
  },
  answersBy("breaks off within its answer", "sh -s | head -c 3000; kill -KILL $PPID", /broke after \d+ bytes/),
  answersBy("answers in part", "sh -s | head -c 3000", /cannot be used: it is cut off/),
  answersBy("answers with garbage", "head -c 20000 /dev/urandom", /cannot be used: it does not begin/),
  // A machine that is busy may not come to the end of these in time, which is as true.
  answersBy(
    "answers with an answer that is not its own",
    "sh -s | tr 0-9 1-90",
    /cannot be used|did not answer within 3 s/,
  ),
  answersBy("answers without end", "cat /dev/zero", /answers with more than \d+ bytes|did not answer within 3 s/),
  answersBy("does not come to an end", "sh -s >/dev/null; sleep 60", /did not answer within 3 s/),
  answersBy("says nothing", "true", /cannot be used: it does not begin/),
]

describe.runIf(sshFleetsCanBeMade() && sshHostsCanBeApart())("of hosts apart", () => {
  let fleet: SshFleet
  let sourceOf: (looks?: SshLooks) => Source
  const nameOf = (index: number) => `host${index + 1}`

  beforeAll(() =>
    sharedByTests(async () => {
      fleet = await SshFleet.start(faults.length + 1, { apart: true })
      sourceOf = sshLooks(fleet, { connectMs: 4_000 })
    }),
  )

  async function bench(hosts: readonly string[], more: Partial<Policy> = {}, folder?: string) {
    const made = await discoveryBench({ ...policy, ...more }, folder)
    const look = async (deadlineMs = 30_000, of = hosts) => {
      const report = await made.lookAt(sourceOf({ hosts: of, deadlineMs }))
      return { ...report, news: await made.news() }
    }
    return { ...made, look }
  }

  describe("one that", () => {
    let before: { readonly targets: number; readonly failed: readonly FailedTarget[] }
    const during: (readonly FailedTarget[])[] = []
    const told: RecordedEvent[] = []
    let afterwards: typeof before & { readonly news: readonly RecordedEvent[] }

    beforeAll(async () => {
      const end = await sharedByTests(async () => {
        const { look } = await bench(fleet.hosts.map(({ name }) => name))
        before = await look()
        await Promise.all(faults.map(({ begins }, index) => begins(fleet.hosts[index] as SshdHost, fleet)))
        for (let looks = 0; looks <= policy.retireAfterLooks; looks++) {
          const { failed, news } = await look(3_000)
          during.push(failed)
          told.push(...news)
        }
        await Promise.all(faults.map(({ ends }, index) => ends(fleet.hosts[index] as SshdHost, fleet)))
        afterwards = await look()
      })
      await end()
    }, 120_000)

    it.each(faults.map((fault, index) => [fault.is, fault, nameOf(index)] as const))(
      "%s is told as that in the account of each look",
      (_, { code = "SourceUnavailable", message, first = message }, target) => {
        expect(during.map((failed) => failed.find((one) => one.target === target))).toEqual(
          during.map((__, look) => ({ target, code, message: expect.stringMatching(look === 0 ? first : message) })),
        )
        const account = told.findLast(isAccount)
        expect(account).toMatchObject({
          type: "DiscoveryCompleted",
          data: { coverage: { failed: expect.arrayContaining([expect.objectContaining({ target, code })]) } },
        })
      },
    )

    it("fails is neither missed nor retired, and keeps nobody else from being looked at", () => {
      expect(before).toMatchObject({ targets: faults.length + 1, failed: [] })
      expect(during.map((failed) => failed.length)).toEqual(during.map(() => faults.length))
      const impostor = nameOf(faults.findIndex(({ code }) => code === "HostKeyChanged"))
      expect(told.filter((event) => !isAccount(event))).toMatchObject([
        { type: "HostKeyChanged", stream: `target-${recordId("fleet", "target", impostor)}` },
      ])
    })

    it("answers again is known as before", () => {
      const { failed, targets, news } = afterwards
      expect([failed, targets]).toEqual([[], faults.length + 1])
      // Of the one that has another key since.
      expect(news.filter((event) => !isAccount(event))).toMatchObject([
        { type: "TargetChanged", data: { facet: "access" } },
      ])
    })
  })

  it("half may be gone for good: of those that the list has no more, too many are not believed", async () => {
    const { look, lookAt, news } = await bench(["host1", "host2", "host3", "host4"], {
      massAbsence: { atLeast: 2, share: 0.4 },
    })
    await look()
    const half = ["host1", "host2"]
    for (let looks = 0; looks <= policy.retireAfterLooks; looks++) {
      const report = await look(30_000, half)
      expect(report).toMatchObject({ outcome: "completed", held: 2, changes: 0 })
    }
    const withWhatRan = ["ServiceRetired", "ServiceRetired"]
    for (const types of [["TargetUnseen", "TargetUnseen"], ["TargetRetired", "TargetRetired", ...withWhatRan], []]) {
      await lookAt(sourceOf({ hosts: half }), { acceptAbsence: true })
      expect((await news()).filter((event) => !isAccount(event)).map(({ type }) => type)).toEqual(types)
    }
  })

  it("one that is taken out of the list is found to be, and that it is back in it", async () => {
    const { look } = await bench(["host1", "host2"])
    await look()
    const typesOf = async (hosts: readonly string[]) =>
      (await look(30_000, hosts)).news.filter((event) => !isAccount(event)).map(({ type }) => type)
    expect(await typesOf(["host1"])).toEqual(["TargetUnseen"])
    expect(await typesOf(["host1"])).toEqual(["TargetRetired", "ServiceRetired"])
    expect(await typesOf(["host1"])).toEqual([])
    expect(await typesOf(["host1", "host2"])).toEqual(["TargetReappeared", "ServiceReappeared"])
  })

  it("none changes when the clock here jumps, forwards or back", async () => {
    const { clock, look } = await bench(["host1", "host2"])
    await look()
    for (const jump of [-2, 24 * 400, -24 * 400, 1]) {
      clock.advance(jump * hour)
      const { outcome, failed, news } = await look()
      expect([outcome, failed, news.filter((event) => !isAccount(event))]).toEqual(["completed", [], []])
    }
  })

  it.runIf(needs("the right to mount a small disk", canMount()))(
    "none is lost when the disk here is full, and there is room again",
    async () => {
      const disk = await smallDisk(16)
      const ballast = path.join(disk, "ballast")
      const { look } = await bench(["host1", "host2"], {}, disk)
      await look()
      const [host] = fleet.hosts
      const stop = host?.listen(2_200)
      fillUp(ballast)
      for (let looks = 0; looks <= policy.retireAfterLooks; looks++) {
        await expect(look()).rejects.toThrow("disk is full")
      }
      fs.rmSync(ballast)
      const changes = (await look()).news.filter((event) => !isAccount(event)).map(({ type }) => type)
      expect(changes).toEqual(["TargetChanged", "ServiceDiscovered"])
      stop?.()
    },
  )
})

describe.runIf(sshFleetsCanBeMade())("kill -9", () => {
  it(`of the program that looks over ssh, ${rounds} times`, { timeout: rounds * 20_000 }, async () => {
    const fleet = await SshFleet.start(3)
    const options = sshProgram(fleet, await tempFolder())
    let acknowledged: readonly Stored[] = []
    for (let round = 0; round < rounds; round++) {
      const child = startProgram(["discover"], options)
      const ended = once(child, "close")
      const timer = setTimeout(() => child.kill("SIGKILL"), (lookMs * (round + 1)) / rounds)
      await ended
      clearTimeout(timer)
      expect(await answer(["discover"], options)).toMatchObject({
        runs: [{ outcome: "completed", targets: 3, failed: [] }],
      })
      const stored = storedIn(options)
      expect(stored.slice(0, acknowledged.length)).toEqual(acknowledged)
      expect(stored.map(({ position }) => position)).toEqual(stored.map((_, index) => index))
      expect(stored.filter(({ type }) => type === "TargetDiscovered").length).toBe(3)
      expect(stored.filter(({ type }) => /Unseen|Retired|Reappeared/.test(type))).toEqual([])
      acknowledged = stored
    }
    await until(() => fleet.hosts.every((host) => host.running("sshd") === 1 && host.running("sh") === 0))
  })
})

/** Until there is no room for another byte. */
function fillUp(file: string): void {
  const descriptor = fs.openSync(file, "w")
  try {
    for (const size of [2 ** 20, 4_096]) fillBy(descriptor, size)
  } finally {
    fs.closeSync(descriptor)
  }
}

function fillBy(descriptor: number, size: number): void {
  try {
    for (let written = 0; written < 2 ** 28; written += size) fs.writeSync(descriptor, Buffer.alloc(size))
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error
  }
}

function isAccount({ stream }: RecordedEvent): boolean {
  return stream.startsWith("source-")
}
