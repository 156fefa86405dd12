/** Where the engine is, by what is configured and by what the docker command would go by; the files are in a folder of the test's. */
import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { type DockerOptions, endpointOf } from "#discovery/sources/docker/endpoint.js"
import { tempFolder } from "#tests/support/temp-folder.js"
import { describe, expect, it } from "vitest"

const nowhere = "/nonexistent"
const endpoint = (options: DockerOptions, env: NodeJS.ProcessEnv = {}, home = nowhere) =>
  endpointOf(options, { env, home })
const usual = { kind: "unix", path: "/var/run/docker.sock" }

async function put(file: string, text: string): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true })
  await fs.writeFile(file, text)
}

/** Home of somebody with a context `far`, who has chosen `chosen`. */
async function homeWith(engine: object, chosen?: string): Promise<string> {
  const home = await tempFolder()
  const id = createHash("sha256").update("far").digest("hex")
  await put(
    path.join(home, ".docker/contexts/meta", id, "meta.json"),
    JSON.stringify({ Endpoints: { docker: engine } }),
  )
  await put(path.join(home, ".docker/contexts/tls", id, "docker/ca.pem"), "authority")
  if (chosen !== undefined)
    await put(path.join(home, ".docker/config.json"), JSON.stringify({ currentContext: chosen }))
  return home
}

describe("an engine's address", () => {
  it.each([
    ["unix:///run/user/1000/docker.sock", { kind: "unix", path: "/run/user/1000/docker.sock" }],
    ["ssh://fleet@far:2222", { kind: "ssh", address: "ssh://fleet@far:2222" }],
    ["tcp://127.0.0.1:2375", { kind: "tcp", host: "127.0.0.1", port: 2375, tls: undefined }],
    ["tcp://localhost", { kind: "tcp", host: "localhost", port: 2375, tls: undefined }],
    ["tcp://[::1]:80", { kind: "tcp", host: "::1", port: 80, tls: undefined }],
  ])("may be %s", async (host, expected) => {
    expect(await endpoint({ host })).toEqual(expected)
  })

  it.each(["tcp://engine.example:2375", "tcp://10.0.0.1", "tcp://127.0.0.1.example:2375", "tcp://0.0.0.0:2375"])(
    "is refused where anybody could listen: %s",
    async (host) => {
      await expect(endpoint({ host })).rejects.toMatchObject({ code: "InvalidConfig" })
      await expect(endpoint({ host })).rejects.toThrow(/without TLS would let anybody on the way be root there/)
    },
  )

  it.each([
    "",
    "docker.sock",
    "unix://docker.sock",
    "tcp://",
    "tcp://a:b@localhost",
    "tcp://localhost/path",
    "npipe:////./pipe/docker_engine",
    "tcp://local host",
  ])("is not %s", async (host) => {
    await expect(endpoint({ host })).rejects.toMatchObject({ code: "InvalidConfig" })
  })

  it("is protected by the files that are given, which have to be there and complete", async () => {
    const folder = await tempFolder()
    const file = (name: string) => path.join(folder, `${name}.pem`)
    for (const name of ["ca", "cert", "key"]) await put(file(name), name)
    const host = "tcp://engine.example"
    const tls = { ca: file("ca"), cert: file("cert"), key: file("key") }
    const material = { ca: Buffer.from("ca"), cert: Buffer.from("cert"), key: Buffer.from("key") }
    expect(await endpoint({ host, tls })).toEqual({ kind: "tcp", host: "engine.example", port: 2376, tls: material })
    await expect(endpoint({ host, tls: { cert: file("cert") } })).rejects.toMatchObject({ code: "InvalidConfig" })
    await expect(endpoint({ host, tls: { ca: file("x") } })).rejects.toMatchObject({ code: "SourceUnavailable" })
  })
})

describe("without an address", () => {
  it("the usual socket is asked, or that of the user's own engine where there is no other", async () => {
    const runtime = await tempFolder()
    expect(await endpoint({}, { XDG_RUNTIME_DIR: runtime })).toEqual(usual)
    await put(path.join(runtime, "docker.sock"), "")
    const isThere = await fs.access(usual.path).then(
      () => true,
      () => false,
    )
    const own = { kind: "unix", path: path.join(runtime, "docker.sock") }
    expect(await endpoint({}, { XDG_RUNTIME_DIR: runtime })).toEqual(isThere ? usual : own)
  })

  it("the variables of the docker command count, the address before the context", async () => {
    const home = await homeWith({ Host: "ssh://far" })
    expect(await endpoint({}, { DOCKER_HOST: "unix:///x", DOCKER_CONTEXT: "far" }, home)).toEqual({
      kind: "unix",
      path: "/x",
    })
    expect(await endpoint({}, { DOCKER_CONTEXT: "far" }, home)).toEqual({ kind: "ssh", address: "ssh://far" })
    expect(await endpoint({}, { DOCKER_HOST: "", DOCKER_CONTEXT: "default" }, home)).toMatchObject({ kind: "unix" })
  })

  it("certificates are used only where they are asked for", async () => {
    const folder = await tempFolder()
    for (const name of ["ca", "cert", "key"]) await put(path.join(folder, `${name}.pem`), name)
    const env = { DOCKER_HOST: "tcp://localhost:2376", DOCKER_CERT_PATH: folder }
    expect(await endpoint({}, env)).toMatchObject({ tls: undefined })
    expect(await endpoint({}, { ...env, DOCKER_TLS_VERIFY: "1" })).toMatchObject({ tls: { ca: Buffer.from("ca") } })
  })

  it("the chosen context counts", async () => {
    expect(await endpoint({}, {}, await homeWith({ Host: "ssh://far" }, "far"))).toEqual({
      kind: "ssh",
      address: "ssh://far",
    })
  })
})

describe("a context", () => {
  it("goes before the variables when it is configured, and brings its certificates", async () => {
    const home = await homeWith({ Host: "tcp://far:2376" })
    expect(await endpoint({ context: "far" }, { DOCKER_HOST: "unix:///x" }, home)).toEqual({
      kind: "tcp",
      host: "far",
      port: 2376,
      tls: { ca: Buffer.from("authority") },
    })
  })

  it("that is not there, or does not check who answers, is refused", async () => {
    await expect(endpoint({ context: "../../etc" })).rejects.toThrow('there is no Docker context "../../etc"')
    const careless = await homeWith({ Host: "tcp://far:2376", SkipTLSVerify: true })
    await expect(endpoint({ context: "far" }, {}, careless)).rejects.toThrow("does not check who answers")
  })
})
