/** Looks at something that answers as an engine does, with the answers that a real one seldom gives. */
import * as http from "node:http"
import * as path from "node:path"
import { dockerSource } from "#discovery/sources/docker.js"
import { systemClock } from "#kernel/clock.js"
import type { Json } from "#kernel/json.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { type SampleName, sample } from "./samples.js"

type Answer = Json | http.RequestListener

const samples: Readonly<Record<string, SampleName>> = {
  "/version": "version",
  "/info": "info",
  "/networks": "networks",
  "/volumes": "volumes",
}
const entry = (id: string, name: string) => ({ Id: id, Names: [`/${name}`], State: "running", Status: "Up 2 hours" })
const container = (id: string, name: string) => ({
  Id: id,
  Name: `/${name}`,
  State: { Status: "running", Running: true },
  Config: { Labels: null },
  HostConfig: {},
})
const refuses =
  (status: number): http.RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end(`{"message":"no"}`)

/** Looks at an engine with these answers, by path; the rest is recorded. */
async function lookAt(answers: Readonly<Record<string, Answer>>) {
  const socket = path.join(await tempFolder(), "docker.sock")
  const server = http.createServer((request, response) => {
    const [at = ""] = (request.url ?? "").split("?")
    const recorded = samples[at]
    const answer = answers[at] ?? (recorded === undefined ? refuses(404) : sample(recorded))
    if (typeof answer === "function") answer(request, response)
    else response.end(JSON.stringify(answer))
  })
  server.listen(socket)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const overSsh = () => ({ connect: () => Promise.reject(new Error("not here")) })
  const source = dockerSource("here", { host: `unix://${socket}` }, { clock: systemClock, overSsh })
  return source.look(new AbortController().signal)
}

const namesIn = ({ observations }: Awaited<ReturnType<typeof lookAt>>) => observations.map(({ nativeKey }) => nativeKey)

describe("a look at an engine", () => {
  it("of one's own goes by nothing that the variables of the docker command say of another", async () => {
    const others = {
      DOCKER_HOST: "tcp://other.example:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: "/nonexistent",
      DOCKER_PATH_PREFIX: "/elsewhere",
      DOCKER_CLIENT_TIMEOUT: "1",
    }
    onTestFinished(() => void vi.unstubAllEnvs())
    for (const host of [others.DOCKER_HOST, "ssh://other.example", "no address ://"]) {
      for (const [name, value] of Object.entries({ ...others, DOCKER_HOST: host })) vi.stubEnv(name, value)
      const seen = await lookAt({
        "/containers/json": [entry("a", "one")],
        "/containers/a/json": container("a", "one"),
      })
      expect(namesIn(seen)).toEqual(["engine-host", "name:one"])
      expect(process.env["DOCKER_HOST"]).toBe(host)
    }
  })

  it("does not conclude that a container is gone which it could not look at", async () => {
    const seen = await lookAt({
      "/containers/json": [entry("a", "one"), entry("b", "two")],
      "/containers/a/json": container("a", "one"),
      "/containers/b/json": refuses(500),
    })
    expect(namesIn(seen)).toEqual(["engine-host", "name:one"])
    expect(seen.coverage.complete).toEqual({ target: true, service: false, stack: true })
    expect(seen.coverage.notLooked).toEqual({ "/service": "the engine answers 500" })
  })

  it("looks for the successor of a container that vanished on the way", async () => {
    let lists = 0
    const seen = await lookAt({
      "/containers/json": (_request, response) => {
        lists += 1
        response.end(JSON.stringify([lists === 1 ? entry("old", "web") : entry("new", "web")]))
      },
      "/containers/new/json": container("new", "web"),
    })
    expect(namesIn(seen)).toEqual(["engine-host", "name:web"])
    expect(seen.coverage.complete.service).toBe(true)
  })

  it("takes a container that never can be looked at for one that is not there", async () => {
    const seen = await lookAt({ "/containers/json": [entry("a", "one")] })
    expect(namesIn(seen)).toEqual(["engine-host"])
    expect(seen.coverage.complete.service).toBe(true)
  })

  it.each<[string, Answer, string]>([
    ["is refused", refuses(403), "the engine answers 403"],
    ["is none", { message: "hello" }, "the engine answers no list where one is due"],
  ])("concludes nothing from a list that %s", async (_, answer, why) => {
    const seen = await lookAt({ "/containers/json": answer })
    expect(seen.coverage.complete).toEqual({ target: true, service: false, stack: false })
    expect(seen.coverage.notLooked).toEqual({ "/service": why, "/stack": why })
  })

  it("sees what a proxy in front of it lets through", async () => {
    const seen = await lookAt({ "/containers/json": [], "/info": refuses(403), "/volumes": refuses(403) })
    expect(seen.observations[0]?.facets).toEqual({ engine: { version: "20.10.24+dfsg1", apiVersion: "1.41" } })
    expect(seen.coverage.notLooked).toMatchObject({ "/stack/config/volumes": "the engine answers 403" })
  })

  it.each<[string, Answer]>([
    ["says half a word and hangs up", (_request, response) => void response.write("{", () => response.destroy())],
    ["hangs up", (_request, response) => void response.destroy()],
    ["speaks something else", (_request, response) => void response.end("<html>")],
    ["knows no version", {}],
    ["refuses", refuses(403)],
  ])("comes to nothing when what is there %s", async (_, answer) => {
    await expect(lookAt({ "/version": answer })).rejects.toMatchObject({ code: "SourceUnavailable" })
  })

  it("comes to nothing when its answer has no end", async () => {
    const endless: Answer = (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(2 ** 20)));
        response.once("drain", more)
      }
      more()
    }
    await expect(lookAt({ "/info": endless })).rejects.toMatchObject({
      code: "SourceUnavailable",
      message: expect.stringMatching(/longer than 64 MiB$/),
    })
  })

  it("comes to nothing when it hangs up in the midst of a list", async () => {
    const half: Answer = (_request, response) => void response.write("[", () => response.destroy())
    await expect(lookAt({ "/containers/json": half })).rejects.toMatchObject({ code: "SourceUnavailable" })
  })
})
