/** A way to a port on loopback that a test can cut, hold (nothing comes through, and nobody is told) or slow down. */
import * as net from "node:net"
import { whenFinished } from "./when-finished.js"

/** Which way nothing comes through: back is what the server answers. */
type Held = "nothing" | "back" | "both"

const longestPiece = 1_024

export class CutProxy {
  readonly port: number
  /** How often somebody came. */
  connections = 0
  readonly #open = new Set<net.Socket>()
  readonly #letGo = new Set<() => void>()
  #held: Held = "nothing"
  #isCut = false
  #pieceMs = 0

  private constructor(port: number) {
    this.port = port
  }

  static async to(port: number): Promise<CutProxy> {
    const server = net.createServer({ allowHalfOpen: true })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const proxy = new CutProxy((server.address() as net.AddressInfo).port)
    server.on("connection", (near) => proxy.#connect(near, port))
    whenFinished(() => {
      proxy.mend()
      proxy.cut()
      server.close()
    })
    return proxy
  }

  /** Ends all connections, and those that come, until it is mended. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#open) socket.destroy()
  }

  /** From now on nothing comes through, of connections that there are and of those that come. */
  hold(held: "back" | "both" = "both"): void {
    this.#held = held
  }

  /** At most a kibibyte in so many milliseconds, each way. */
  slowDown(pieceMs: number): void {
    this.#pieceMs = pieceMs
  }

  /** What was held comes through. */
  mend(): void {
    this.#isCut = false
    this.#held = "nothing"
    for (const go of this.#letGo) go()
    this.#letGo.clear()
  }

  #connect(near: net.Socket, port: number): void {
    this.connections += 1
    if (this.#isCut) return void near.destroy()
    const far = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#open.add(one)
      one.on("error", () => {})
      one.on("close", () => {
        this.#open.delete(one)
        void this.#way(one === far).then(() => other.destroy())
      })
      void this.#forward(one, other, one === far)
    }
  }

  async #forward(from: net.Socket, to: net.Socket, isBack: boolean): Promise<void> {
    try {
      for await (const chunk of from) {
        for (const piece of piecesOf(chunk as Buffer)) {
          if (this.#pieceMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#pieceMs))
          await this.#way(isBack)
          to.write(piece)
        }
      }
      await this.#way(isBack)
      to.end()
    } catch {
      // It was cut.
    }
  }

  /** Until something comes through that way. */
  async #way(isBack: boolean): Promise<void> {
    const holds: readonly Held[] = isBack ? ["both", "back"] : ["both"]
    while (holds.includes(this.#held)) await new Promise<void>((resolve) => this.#letGo.add(resolve))
  }
}

function piecesOf(chunk: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(chunk.length / longestPiece) }, (_, index) =>
    chunk.subarray(index * longestPiece, (index + 1) * longestPiece),
  )
}
