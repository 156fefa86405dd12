/** Web servers of the test's own on loopback: real ones, that answer as they are told. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import * as https from "node:https"
import type * as net from "node:net"
import * as path from "node:path"
import { tempFolder } from "./temp-folder.js"
import { whenFinished } from "./when-finished.js"

/** @returns its port */
export async function listening(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  whenFinished(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        for (const socket of sockets) socket.destroy()
      }),
  )
  return (server.address() as net.AddressInfo).port
}

/** @returns its address, without a path */
export async function webServer(answer: http.RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(http.createServer(answer))}`
}

export interface Identity {
  /** Files in PEM. */
  readonly certificate: string
  readonly key: string
}

/** A certificate for a name, and for 127.0.0.1, that vouches for itself. */
export async function identity(
  name: string,
  days: number,
  alternatives = `DNS:${name},IP:127.0.0.1`,
): Promise<Identity> {
  const folder = await tempFolder()
  const [certificate, key] = [path.join(folder, "cert.pem"), path.join(folder, "key.pem")]
  const named = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${alternatives}`]
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", String(days)]
  execFileSync("openssl", [...made, ...named, "-keyout", key, "-out", certificate], { stdio: "pipe" })
  return { certificate, key }
}

export async function secureServer({ certificate, key }: Identity, answer: http.RequestListener): Promise<string> {
  const tls = { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }
  return `https://127.0.0.1:${await listening(https.createServer(tls, answer))}`
}
