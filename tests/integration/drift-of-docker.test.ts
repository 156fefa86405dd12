/** Drift of what a real Docker Engine runs, from look to look: a container that is made anew otherwise, unannounced and announced. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { dockerSource } from "#discovery/sources/docker.js"
import { openFleet } from "#fleet.js"
import { systemClock } from "#kernel/clock.js"
import { asker } from "#tests/support/asker.js"
import { DockerEngine, dockerEnginesCanBeStarted } from "#tests/support/docker-engine.js"
import { configIn } from "#tests/support/folder-fleet.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { whenFinished } from "#tests/support/when-finished.js"

interface Answer extends Record<string, unknown> {
  readonly items: Record<string, unknown>[]
}

const canStart = dockerEnginesCanBeStarted()
let engine: DockerEngine
beforeAll(async () => {
  if (canStart) engine = await DockerEngine.start()
})
afterAll(async () => {
  await engine?.stop()
})

describe.runIf(canStart)("drift of containers", () => {
  it("is nothing while they stay, and each field that another one has otherwise, since the look that saw it", async () => {
    const overSsh = () => ({ connect: () => Promise.reject(new Error("nobody is at the other end")) })
    const source = dockerSource("engine", { host: `unix://${engine.socket}` }, { clock: systemClock, overSsh })
    const fleet = await openFleet(configIn(await tempFolder()), systemClock, { sources: [source] })
    whenFinished(() => fleet.close())
    const ask = asker<Answer>(fleet)
    const drift = async (baseline: string) => (await ask("drift", { baseline, entity: "web" })).items
    const fields = async (baseline: string) => (await drift(baseline)).map(({ field }) => field)
    const remade = async (options: object) => {
      await engine.remove("web")
      await engine.run("web", options)
      await ask("discover")
      return (await ask("history", { entity: "web", type: "ServiceChanged", limit: 1 })).items[0]
    }
    const always = { RestartPolicy: { Name: "always" } }
    await engine.run("web", { HostConfig: always })
    await ask("discover")
    await ask("pin", { name: "golden" })
    await ask("rules adopt", { name: "usual", starter: true })
    await ask("discover")
    expect([await fields("golden"), await fields("usual")]).toEqual([[], []])

    const published = { ...always, PortBindings: { "80/tcp": [{ HostPort: "8080" }] } }
    await engine.docker.getImage("box:1").tag({ repo: "box", tag: "latest" })
    const surprise = await remade({
      Image: "box:latest",
      ExposedPorts: { "80/tcp": {} },
      HostConfig: published,
    })
    expect(surprise).toMatchObject({ expectation: "surprising" })
    expect(await fields("golden")).toEqual(
      expect.arrayContaining(["/config/ports/tcp:8080", "/container/image", "/container/exposed/tcp:80"]),
    )
    // Another container it is, but that is how it is doing.
    expect(await fields("golden")).not.toContain("/container/id")
    expect(await drift("usual")).toMatchObject([
      { rule: "image-tags", actual: "box:latest", since: { position: surprise?.["position"], source: "engine" } },
    ])

    await ask("expect add", { q: "name:web", type: "ServiceChanged", until: "+1h" })
    expect(await remade({ HostConfig: always })).toMatchObject({ expectation: "expected" })
    expect([await fields("golden"), await fields("usual")]).toEqual([[], []])
  })
})
