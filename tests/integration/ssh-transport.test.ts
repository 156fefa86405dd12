/** The way to hosts over ssh, held against real ones: whom they are, how they are reached, what is kept, and how each fault ends. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { Connections, type ConnectionsOptions } from "#discovery/sources/ssh/connections.js"
import { readSecret } from "#config/secret.js"
import { refusalOf } from "#tests/support/refusal.js"
import { keyPair, SshFleet, sshFleetsCanBeMade, sshHostsCanBeApart } from "#tests/support/ssh-fleet.js"
import { until } from "#tests/support/until.js"
import { describe, expect, it, onTestFinished } from "vitest"

/** A script for the shell of the host. */
const shell = (input: string) => ({ command: "sh -s", input })
const limits = { deadlineMs: 8000, stdoutBytes: 2 ** 20, stderrBytes: 2 ** 16 }
const never = new AbortController().signal
const [host1, host2, host3] = [{ alias: "host1" }, { alias: "host2" }, { alias: "host3" }]

function connectionsTo(fleet: SshFleet, options: Partial<ConnectionsOptions> & { env?: NodeJS.ProcessEnv } = {}) {
  const { env = {}, ...rest } = options
  const connections = new Connections({
    environment: fleet.environment(env),
    secret: (reference) => readSecret(reference, "the passphrase", env),
    connectMs: 4000,
    ...(fleet.dial === undefined ? {} : { dial: fleet.dial }),
    ...rest,
  })
  onTestFinished(() => connections.close())
  const ask = async (host: Parameters<Connections["run"]>[0], script = "echo $SSH_CONNECTION", signal = never) =>
    String((await connections.run(host, shell(script), limits, signal)).stdout)
  return { connections, ask }
}

function sayHello(socket: net.Socket): void {
  socket.write(`${"hello ".repeat(100)}\r\n`.repeat(100), () => !socket.destroyed && sayHello(socket))
}

async function loopback(count: number, sshd?: string) {
  const fleet = await SshFleet.start(count, sshd === undefined ? {} : { sshd })
  const [first] = fleet.hosts
  if (first === undefined) throw new Error("no hosts")
  return { fleet, first }
}

describe.runIf(sshFleetsCanBeMade())("a host", () => {
  it("answers a script with what it writes and how it ends, on a connection that is kept", async () => {
    const { fleet, first } = await loopback(1)
    const { connections } = connectionsTo(fleet)
    const answer = await connections.run(host1, shell("cat /nowhere; head -c 100000 /dev/zero; exit 3"), limits, never)
    expect([answer.stdout.length, answer.exit]).toEqual([100_000, 3])
    expect(String(answer.stderr)).toContain("/nowhere")
    const ended = await connections.run(host1, shell("kill -KILL $PPID"), limits, never)
    expect(ended.exit).toBe("SIGKILL")
    const both = await Promise.all([1, 2].map((each) => connections.run(host1, shell(`echo ${each}`), limits, never)))
    expect(both.map(({ stdout }) => String(stdout))).toEqual(["1\n", "2\n"])
    expect([first.logins, connections.size]).toEqual([1, 1])
  })

  it("keeps a shell that has answered for the next script, and starts another where it has ended or speaks unasked", async () => {
    const { fleet, first } = await loopback(1)
    const { connections } = connectionsTo(fleet)
    const ask = async (script: string) => {
      const program = { ...shell(`${script}\n`), isWhole: (end: string) => end.endsWith(".\n") }
      return String((await connections.run(host1, program, limits, never)).stdout)
    }
    const pid = await ask("echo $$.")
    expect(await ask("echo $$.")).toBe(pid)
    expect(await ask("echo twice; echo $$.")).toBe(`twice\n${pid}`)
    const both = await Promise.all([ask("echo $$."), ask("echo $$.")])
    expect(new Set(both).size).toBe(2)
    expect(both).toContain(pid)
    first.run("kill", "-KILL", pid.slice(0, -2))
    const other = await ask("echo $$.")
    expect(other).not.toBe(pid)
    const told = path.join(fleet.folder, "told")
    fs.writeFileSync(told, "")
    fs.chmodSync(told, 0o666)
    await ask(`echo .; until test -e ${told}.go; do :; done; echo more; echo it >${told}`)
    fs.writeFileSync(`${told}.go`, "")
    await until(() => fs.readFileSync(told, "utf8") !== "")
    expect(await ask("echo $$.")).not.toBe(other)
    connections.close()
    await until(() => first.running("sshd") === 1 && first.running("sh") === 0)
  })

  it("takes a script of any length", async () => {
    const { fleet } = await loopback(1)
    const { ask } = connectionsTo(fleet)
    expect(await ask(host1, `: ${"x".repeat(300_000)}\necho done`)).toBe("done\n")
  })

  it("is connected to anew after its connection broke between two looks", async () => {
    const { fleet, first } = await loopback(1)
    const { ask } = connectionsTo(fleet)
    await ask(host1)
    await first.killSshd()
    first.startSshd()
    await ask(host1)
    expect(first.logins).toBe(2)
  })

  it("is let go of when nobody has used it for a while", async () => {
    const { fleet } = await loopback(1)
    const { connections, ask } = connectionsTo(fleet, { idleMs: 1 })
    await ask(host1)
    await until(() => connections.size === 0)
    expect(await ask(host1, "echo again")).toBe("again\n")
  })

  it("is reached through two others, to which a connection is kept as well", async () => {
    const { fleet } = await loopback(3)
    fleet.configure("Host host3\n ProxyJump host2\nHost host2\n ProxyJump host1")
    const { connections, ask } = connectionsTo(fleet)
    expect((await ask(host3)).split(" ")[2]).toBe(fleet.hosts[2]?.address)
    await ask(host2)
    expect(fleet.hosts.map(({ logins }) => logins)).toEqual([1, 2, 1])
    connections.close()
    await until(() => fleet.hosts.every((host) => host.running("sshd") === 1))
  })

  it("says which host in between is in the way", async () => {
    const { fleet, first } = await loopback(2)
    fleet.configure("Host host2\n ProxyJump host1")
    const { ask } = connectionsTo(fleet)
    await fleet.hosts[1]?.killSshd()
    expect((await refusalOf(() => ask(host2))).message).toMatch(
      /^host2 is reached through host1: host1 does not open port/,
    )
    await first.killSshd()
    expect((await refusalOf(() => ask(host2))).message).toMatch(/^host2 is reached through host1: host1 refuses/)
  })

  it("lends a stream to a socket of its own", async () => {
    const { fleet, first } = await loopback(1)
    const { connections } = connectionsTo(fleet, { idleMs: 1 })
    const socket = path.join(fleet.folder, "echo")
    const server = spawn("nsenter", [
      "--target",
      String(first.pid),
      "--mount",
      process.execPath,
      "-e",
      `require("net").createServer((s) => s.pipe(s)).listen("${socket}", () => { require("fs").chmodSync("${socket}", 0o777); console.log("up") })`,
    ])
    onTestFinished(() => void server.kill("SIGKILL"))
    await once(server.stdout, "data")
    const stream = await connections.forwardSocket(host1, socket, never)
    stream.write("hello")
    expect(String((await once(stream, "data"))[0])).toBe("hello")
    stream.destroy()
    const unread = await connections.forwardSocket(host1, socket, never)
    unread.write("nobody reads what comes back")
    unread.destroy()
    const refusal = await refusalOf(() => connections.forwardSocket(host1, "/nowhere", never))
    expect(refusal.message).toMatch(/^host1 does not open the socket \/nowhere: /)
    await until(() => connections.size === 0)
  })
})

describe.runIf(sshFleetsCanBeMade())("whoever asks", () => {
  const passphrase = "a passphrase that nobody may read"

  it("is let in by a key of the agent, which may be the only place where it is open", async () => {
    const { fleet } = await loopback(1)
    const key = path.join(fleet.home, ".ssh/id_ed25519")
    const socket = path.join(fleet.folder, "agent")
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" })
    onTestFinished(() => void agent.kill("SIGKILL"))
    await until(() => fs.existsSync(socket))
    execFileSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: "pipe" })
    fs.rmSync(key)
    const env = { SSH_AUTH_SOCK: socket }
    await connectionsTo(fleet, { env }).ask(host1)
    await connectionsTo(fleet, { env }).ask({ ...host1, key })
    const other = path.join(fleet.folder, "other")
    await keyPair(other)
    expect((await refusalOf(() => connectionsTo(fleet, { env }).ask({ ...host1, key: other }))).message).toBe(
      `host1 does not let fleet in with ${other}: see its authorized_keys`,
    )
    agent.kill("SIGKILL")
    await once(agent, "exit")
    const gone = await refusalOf(() => connectionsTo(fleet, { env }).ask(host1))
    expect(gone.message).toBe(`there is no key to prove to host1 who asks: the agent at ${socket} does not answer`)
  })

  it("is let in by an encrypted key with its passphrase, and not otherwise; the passphrase is told to nobody", async () => {
    const { fleet } = await loopback(1)
    const key = path.join(fleet.folder, "locked")
    fs.writeFileSync(path.join(fleet.folder, "authorized_keys"), `${await keyPair(key, passphrase)}\n`)
    const env = { RIGHT: passphrase, WRONG: `${passphrase}!` }
    const { ask } = connectionsTo(fleet, { env })
    await ask({ ...host1, key, passphrase: "env:RIGHT" })
    const refused = async (reference?: string) => {
      const refusal = await refusalOf(() =>
        ask({ ...host1, key, ...(reference === undefined ? {} : { passphrase: reference }) }),
      )
      expect(JSON.stringify([refusal.message, refusal.details, String(refusal.cause)])).not.toContain(passphrase)
      return refusal.message
    }
    expect(await refused("env:WRONG")).toContain(`${key} does not open with the passphrase in env:WRONG`)
    expect(await refused("env:MISSING")).toContain("the passphrase is to be in the variable MISSING, which is not set")
    expect(await refused()).toContain(`${key} is encrypted, and no passphrase is configured for it`)
  })

  it.each([
    ["is not there", () => {}],
    ["is not a private key", (file: string) => fs.writeFileSync(file, "nothing")],
    ["is not a private key", (file: string) => fs.writeFileSync(file, "x".repeat(100_000))],
    ["cannot be read: EISDIR", (file: string) => fs.mkdirSync(file)],
    [
      "is a public key",
      (file: string) => fs.copyFileSync(path.join(path.dirname(file), "home/.ssh/id_ed25519.pub"), file),
    ],
  ])("is told that the key %s", async (words, prepare) => {
    const { fleet } = await loopback(1)
    const key = path.join(fleet.folder, "key")
    prepare(key)
    const refusal = await refusalOf(() => connectionsTo(fleet).ask({ ...host1, key }))
    expect(refusal.message).toMatch(`there is no key to prove to host1 who asks: ${key} ${words}`)
  })
})

describe.runIf(sshFleetsCanBeMade())("a host's key", () => {
  const knownHostsOf = (fleet: SshFleet) => path.join(fleet.home, ".ssh/known_hosts")

  it("has to be known, and is then asked for, in hashed files as well", async () => {
    const { fleet } = await loopback(1)
    execFileSync("ssh-keygen", ["-H", "-f", knownHostsOf(fleet)], { stdio: "pipe" })
    expect(fs.readFileSync(knownHostsOf(fleet), "utf8")).toMatch(/^\|1\|/)
    await connectionsTo(fleet).ask(host1)
  })

  it("is refused where nobody knows it, until it is scanned, compared and enrolled", async () => {
    const { fleet, first } = await loopback(1)
    fs.rmSync(knownHostsOf(fleet))
    const { connections, ask } = connectionsTo(fleet)
    const refusal = await refusalOf(() => ask(host1))
    expect(refusal.code).toBe("HostKeyUnknown")
    expect(refusal.message).toMatch(/fleet-ledger enroll host1$/)
    const [offered, ...others] = await connections.scanHostKeys(host1, never)
    expect(others).toEqual([])
    expect(offered).toMatchObject({ name: first.knownName, algorithm: "ssh-ed25519", key: first.publicKey })
    expect(refusal.details).toMatchObject({ key: offered?.key, fingerprint: offered?.fingerprint })
    expect(first.logins).toBe(0)
    await connectionsTo(fleet, { enrolled: async () => (offered === undefined ? [] : [offered]) }).ask(host1)
  })

  it("is refused when it has changed, and nothing is said about who asks", async () => {
    const { fleet, first } = await loopback(1)
    const before = execFileSync("ssh-keygen", ["-l", "-F", first.knownName, "-f", knownHostsOf(fleet)], {
      encoding: "utf8",
    })
    const { ask } = connectionsTo(fleet)
    await ask(host1)
    await first.changeHostKey()
    const refusal = await refusalOf(() => ask(host1))
    expect(refusal.code).toBe("HostKeyChanged")
    const [known = ""] = refusal.details["known"] as readonly string[]
    expect(before).toContain(known)
    expect(refusal.details).toMatchObject({ host: "host1", algorithm: "ssh-ed25519", key: first.publicKey })
    expect(first.logins).toBe(1)
  })

  it("is refused when it is revoked", async () => {
    const { fleet, first } = await loopback(1)
    fs.appendFileSync(knownHostsOf(fleet), `@revoked * ${first.publicKey}\n`)
    expect((await refusalOf(() => connectionsTo(fleet).ask(host1))).code).toBe("HostKeyRevoked")
  })

  it("may stand under an alias", async () => {
    const { fleet, first } = await loopback(1)
    fs.writeFileSync(knownHostsOf(fleet), `rack7 ${first.publicKey}\n`)
    fleet.configure("Host host1\n HostKeyAlias rack7")
    expect(await connectionsTo(fleet).ask(host1, "echo in")).toBe("in\n")
  })

  it("is one of several, of which only another one than the preferred is known", async () => {
    const { fleet, first } = await loopback(1)
    const rsa = path.join(fleet.folder, "rsa")
    execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", rsa])
    fs.appendFileSync(path.join(fleet.folder, "host1/sshd_config"), `HostKey ${rsa}\n`)
    await first.killSshd()
    first.startSshd()
    const [type, key] = fs.readFileSync(`${rsa}.pub`, "utf8").split(" ")
    fs.writeFileSync(knownHostsOf(fleet), `${first.knownName} ${type} ${key}\n`)
    const { connections, ask } = connectionsTo(fleet)
    await ask(host1)
    expect((await connections.scanHostKeys(host1, never)).map(({ algorithm }) => algorithm)).toEqual([
      "ssh-ed25519",
      "ssh-rsa",
    ])
  })
})

describe.runIf(sshFleetsCanBeMade())("a fault", () => {
  it("where no sshd listens is told at once", async () => {
    const { fleet, first } = await loopback(1)
    await first.killSshd()
    const refusal = await refusalOf(() => connectionsTo(fleet).ask(host1))
    expect(refusal).toMatchObject({ code: "SourceUnavailable", details: { host: "host1" } })
    expect(refusal.message).toMatch(/^host1 refuses connections/)
  })

  it("where sshd is frozen ends with the time limit, for a new connection and for one that is kept", async () => {
    const { fleet, first } = await loopback(1)
    const { connections, ask } = connectionsTo(fleet, { connectMs: 1000 })
    await ask(host1)
    first.freeze()
    const kept = await refusalOf(() => connections.run(host1, shell("echo"), { ...limits, deadlineMs: 200 }, never))
    expect(kept.message).toBe("host1 did not answer within 0.2 s")
    const fresh = await refusalOf(() => ask(host1))
    expect(fresh.message).toMatch(/^host1 does not answer at/)
    first.thaw()
    await until(async () => (await ask(host1)) !== "")
  })

  it("of a kept connection that nobody uses is noticed by itself", async () => {
    const { fleet, first } = await loopback(1)
    const { connections, ask } = connectionsTo(fleet, { keepaliveMs: 300 })
    await ask(host1)
    first.freeze()
    await until(() => connections.size === 0)
    first.thaw()
    expect(await ask(host1, "echo thawed")).toBe("thawed\n")
  })

  it("in the midst of an answer loses the answer, and is not tried again", async () => {
    const { fleet, first } = await loopback(1, "ForceCommand head -c 70000 /dev/zero; sleep 0.05; kill -KILL $PPID")
    const refusal = await refusalOf(() => connectionsTo(fleet).ask(host1))
    expect(refusal.code).toBe("SourceUnavailable")
    expect(refusal.message).toMatch(/^the connection to host1 broke after 70000 bytes of its answer/)
    expect(first.logins).toBe(1)
  })

  it.each([
    ["output", "ForceCommand cat /dev/zero"],
    ["errors", "ForceCommand cat /dev/zero >&2"],
  ])("of endless %s ends at the bound, on the host as well", async (_, sshd) => {
    const { fleet, first } = await loopback(1, sshd)
    const { connections, ask } = connectionsTo(fleet)
    expect((await refusalOf(() => ask(host1))).message).toMatch(/^host1 answers with more than \d+ bytes/)
    expect(connections.size).toBe(0)
    await until(() => first.running("cat") === 0)
  })

  it("of a server that has nothing in common with us says what to allow", async () => {
    const { fleet } = await loopback(1, "KexAlgorithms sntrup761x25519-sha512@openssh.com")
    expect((await refusalOf(() => connectionsTo(fleet).ask(host1))).message).toMatch(
      /^host1 has no key exchange in common .* post-quantum/,
    )
  })

  it("of a host that no address leads to is told", async () => {
    const { fleet } = await loopback(1)
    const refusal = await refusalOf(() => connectionsTo(fleet).ask({ alias: "nowhere.invalid" }))
    expect(refusal.message).toMatch(/^nowhere\.invalid cannot be found/)
  })

  it.each<[string, (socket: net.Socket) => void]>([
    ["says nothing", () => {}],
    ["hangs up", (socket) => socket.destroy()],
    ["resets", (socket) => socket.resetAndDestroy()],
    ["is no sshd", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["says hello and then anything", (socket) => socket.write(`SSH-2.0-x\r\n${"\0\xff".repeat(50_000)}`, "latin1")],
    ["says hello again and again", sayHello],
  ])("of something that %s ends within the time limit", async (_, misbehave) => {
    const fleet = await SshFleet.start(0)
    const server = net.createServer((socket) => misbehave(socket.on("error", () => {})))
    onTestFinished(() => void server.close())
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as net.AddressInfo
    const { connections, ask } = connectionsTo(fleet, { connectMs: 300 })
    const refusal = await refusalOf(() => ask({ alias: "odd", hostName: "127.0.0.1", port }))
    expect([refusal.code, refusal.message.slice(0, 4)]).toEqual(["SourceUnavailable", "odd "])
    expect(connections.size).toBe(0)
    expect(
      (await refusalOf(() => connections.scanHostKeys({ alias: "odd", hostName: "127.0.0.1", port }, never))).code,
    ).toBe("SourceUnavailable")
  })

  it("that is nobody's: whoever calls it off is let go at once", async () => {
    const { fleet, first } = await loopback(1)
    const { connections, ask } = connectionsTo(fleet)
    const stop = new AbortController()
    const asked = ask(host1, "exec sleep 500", stop.signal)
    await until(() => first.running("sleep") === 2)
    stop.abort(new Error("enough"))
    await expect(asked).rejects.toThrow("enough")
    expect(connections.size).toBe(0)
    await expect(ask(host1, "echo", stop.signal)).rejects.toThrow("enough")
  })

  it("of calling off while connecting leaves nothing behind", async () => {
    const { fleet, first } = await loopback(1)
    const { connections, ask } = connectionsTo(fleet)
    first.freeze()
    const stop = new AbortController()
    const asked = ask(host1, "echo", stop.signal)
    stop.abort(new Error("enough"))
    await expect(asked).rejects.toThrow("enough")
    expect(connections.size).toBe(0)
    const closing = ask(host1)
    connections.close()
    expect((await refusalOf(() => closing)).code).toBe("Cancelled")
    expect((await refusalOf(() => ask(host1))).code).toBe("Cancelled")
    first.thaw()
  })
})

describe.runIf(sshFleetsCanBeMade() && sshHostsCanBeApart())("hosts apart", () => {
  it("answer, many of them, a few at a time, each for itself", async () => {
    const fleet = await SshFleet.start(12, { apart: true })
    const { connections, ask } = connectionsTo(fleet)
    for (const round of [1, 2]) {
      const waiting = [...fleet.hosts]
      const worker = async () => {
        for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
          expect(await ask({ alias: host.name }, "hostname")).toBe(`${host.name}\n`)
        }
      }
      await Promise.all(Array.from({ length: 5 }, worker))
      expect([round, connections.size]).toEqual([round, 12])
    }
    expect(fleet.hosts.every(({ logins }) => logins === 1)).toBe(true)
  })

  it("are told when they cannot be reached, do not answer, or are somewhere that no way leads to", async () => {
    const fleet = await SshFleet.start(2, { apart: true })
    const { ask } = connectionsTo(fleet, { connectMs: 500 })
    fleet.hosts[0]?.linkDown()
    fleet.hosts[1]?.dropPackets()
    const away = { ...host1, hostName: "203.0.113.1" }
    const messages = await Promise.all(
      [host1, host2, away].map(async (host) => (await refusalOf(() => ask(host))).message),
    )
    expect(messages).toEqual([
      expect.stringMatching(/^host1 cannot be reached/),
      expect.stringMatching(/^host2 does not answer/),
      expect.stringMatching(/^host1 cannot be reached/),
    ])
  })
})
