/** Snapshots as people use them: a name is given, asked for and compared with, with and without a server. */
import { expect, it } from "vitest"
import { freePort } from "#tests/support/free-port.js"
import { answer, fleetLedger, ran, startServer } from "#tests/support/program.js"
import { tempFolder } from "#tests/support/temp-folder.js"

interface Taken {
  readonly point: { readonly position: number }
}
interface Listed {
  readonly at: { readonly position: number }
  readonly items: readonly { readonly name: string }[]
}
interface Comparison {
  readonly summary: Readonly<Record<string, { readonly target: number }>>
}

it("a name given to a point, alone or beside a server, is what both ask for and compare with", async () => {
  const options = { data: `${await tempFolder()}/data` }
  const small = ["--targets", "3", "--services", "2", "--days", "1", "--every", "12h"]
  expect((await fleetLedger(["simulate", "--data", options.data, ...small], options)).code).toBe(0)
  const start = await answer<Taken>(["snapshot", "create", "empty", "--at", "position:0"], options)
  expect(start.point.position).toBe(0)

  // The server looks at this machine, which is one more than there was.
  await startServer(await freePort(), options)
  const before = await answer<Taken>(["snapshot", "create", "before", "--type", "backup", "--tags", "a,b"], options)
  const then = await answer<Listed>(["targets", "--at", "snapshot:before"], options)
  expect(then.at).toEqual(before.point)
  const { items } = await answer<Listed>(["snapshot", "list", "--type", "backup"], options)
  expect(items).toMatchObject([{ name: "before", tags: ["a", "b"], point: before.point }])
  const { summary } = await answer<Comparison>(["snapshot", "compare", "empty", "before"], options)
  expect(summary["created"]?.target).toBe(then.items.length)
  const { code, stderr } = await ran(["targets", "--at", "snapshot:befor"], options)
  expect([code, stderr]).toEqual([2, 'fleet-ledger: there is no snapshot "befor"; did you mean "before"?\n'])
})
