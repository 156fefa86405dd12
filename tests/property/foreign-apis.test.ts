/** What engines and hypervisors answer, damaged on its way or by whoever answers: a look like any other, or refused. What is not understood is nobody's absence. */
import * as http from "node:http"
import * as path from "node:path"
import { isDeepStrictEqual } from "node:util"
import * as fc from "fast-check"
import { at } from "#discovery/sources/docker/json.js"
import { dockerSource } from "#discovery/sources/docker.js"
import { proxmoxSource } from "#discovery/sources/proxmox.js"
import { systemClock } from "#kernel/clock.js"
import { type Json, isObject } from "#kernel/json.js"
import { changedJson, damaged, foreignRuns, orRefused } from "#tests/support/foreign.js"
import { lookAt } from "#tests/support/look.js"
import { type Replies, cluster, proxmox, tokenSecret } from "#tests/support/proxmox.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it, onTestFinished } from "vitest"
import { sample } from "../spec/docker/samples.js"

/** Each is some requests. */
const runs = Math.ceil(foreignRuns / 3)

function shapeOf(json: Json): Json {
  if (Array.isArray(json)) return (json as readonly Json[]).map(shapeOf)
  if (!isObject(json)) return json === null ? null : typeof json
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, shapeOf(value)]))
}

/** What is of the same shape says something else; so do other labels, by which a container is another service, and a list of which each item is one. */
function isBelieved(text: string, usual: Json, named: string): boolean {
  const json = JSON.parse(text) as Json
  const list = at(json, "data") ?? json
  const isList = Array.isArray(list) && list.every((item) => typeof at(item as Json, named) === "string")
  const labels = at(json, "Config", "Labels")
  const areLabels =
    labels === null || (isObject(labels) && Object.values(labels).every((value) => typeof value === "string"))
  const isOther = areLabels && !isDeepStrictEqual(labels, at(usual, "Config", "Labels"))
  return isList || isOther || isDeepStrictEqual(shapeOf(json), shapeOf(usual))
}

/** A sample with a member that is changed, or the text of it with bytes that are. */
const odd = (json: Json): fc.Arbitrary<{ readonly text: string }> =>
  fc.oneof(
    { weight: 3, arbitrary: changedJson([json]).map((value) => ({ text: JSON.stringify(value) })) },
    { weight: 1, arbitrary: damaged([JSON.stringify(json)]).map((text) => ({ text })) },
  )

describe("an engine", () => {
  const [db, web] = [sample("db"), sample("web")] as const
  const idOf = (container: Json) => (container as { Id: string }).Id
  const list = (sample("list") as readonly Json[]).filter((entry) => [idOf(db), idOf(web)].includes(idOf(entry)))
  const usual: Readonly<Record<string, Json>> = {
    "/version": sample("version"),
    "/info": sample("info"),
    "/networks": sample("networks"),
    "/volumes": sample("volumes"),
    "/containers/json": list,
    [`/containers/${idOf(db)}/json`]: db,
    [`/containers/${idOf(web)}/json`]: web,
  }
  const image = { Id: "sha256:0", RepoDigests: [] }

  it("that answers one question otherwise is looked at as far as it is understood", async () => {
    let [asking, answer] = ["", ""]
    const server = http.createServer((request, response) => {
      const [asked = ""] = (request.url ?? "").split("?")
      if (asked === asking) return void response.end(answer)
      const said = usual[asked] ?? (asked.startsWith("/images/") ? image : undefined)
      if (said === undefined) response.writeHead(404).end('{"message":"no such thing"}')
      else response.end(JSON.stringify(said))
    })
    const socket = path.join(await tempFolder(), "docker.sock")
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const overSsh = () => ({ connect: () => Promise.reject(new Error("not here")) })
    const look = () => lookAt(dockerSource("here", { host: `unix://${socket}` }, { clock: systemClock, overSsh }))
    const keys = ({ observations }: Awaited<ReturnType<typeof look>>) =>
      observations.filter(({ kind }) => kind === "service").map(({ nativeKey }) => nativeKey)
    const all = keys(await look())
    expect(all).toHaveLength(2)
    const question = fc
      .constantFrom(...Object.keys(usual))
      .chain((asked) => fc.record({ asked: fc.constant(asked), said: odd(usual[asked] as Json) }))
    await fc.assert(
      fc.asyncProperty(question, async ({ asked, said }) => {
        ;[asking, answer] = [asked, said.text]
        const seen = await orRefused(look)
        if (seen === undefined) return
        if (all.every((key) => keys(seen).includes(key)) || isBelieved(said.text, usual[asked] as Json, "Id")) return
        expect(seen.coverage.complete.service).toBe(false)
      }),
      { numRuns: runs },
    )
  })
})

describe("a hypervisor", () => {
  it("that answers one question otherwise is looked at as far as it is understood", async () => {
    const stub = await proxmox()
    const usual: Replies = cluster()
    const pages = Object.keys(usual).filter((page) => typeof usual[page] === "object")
    const look = () => lookAt(proxmoxSource("rack", stub.options, { secret: () => tokenSecret }))
    const all = (await look()).observations.map(({ nativeKey }) => nativeKey)
    const question = fc
      .constantFrom(...pages)
      .chain((asked) => fc.record({ asked: fc.constant(asked), said: odd({ data: usual[asked] } as Json) }))
    await fc.assert(
      fc.asyncProperty(question, async ({ asked, said }) => {
        Object.assign(stub.replies, usual)
        stub.replies[asked] = (response: http.ServerResponse) => void response.writeHead(200).end(said.text)
        const seen = await orRefused(look)
        if (seen === undefined) return
        const keys = new Set(seen.observations.map(({ nativeKey }) => nativeKey))
        const whole = { data: usual[asked] } as Json
        if (all.every((key) => keys.has(key)) || isBelieved(said.text, whole, "type")) return
        expect(seen.coverage.complete.target).toBe(false)
      }),
      { numRuns: runs },
    )
  })
})
