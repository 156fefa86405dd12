/**
 * A way into a network that only this process is in: `node ssh-relay.js <socket>`. Whoever connects to the socket writes `<host> <port>` and a line end, is
 * answered `connected` or the error's code, and is then connected.
 */
import * as net from "node:net"

const [socket] = process.argv.slice(2)

const server = net.createServer({ allowHalfOpen: true }, (near) => {
  near.on("error", () => near.destroy())
  near.once("data", (line) => {
    const [host, port] = String(line).trim().split(" ")
    const far = net.connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true })
    far.once("connect", () => {
      near.write("connected\n")
      near.pipe(far).pipe(near)
    })
    far.on("error", (error) => (far.connecting || far.pending ? near.end(`${error.code}\n`) : near.destroy()))
    far.on("close", () => near.destroySoon())
    near.on("close", () => far.destroy())
  })
})
server.listen(socket, () => process.stdout.write("listening\n"))
