/** Whether the server in this container can answer with what is true now: asked over its socket, which needs no token, port or certificate. */
import http from "node:http"

const socketPath = `${process.env.FLEET_LEDGER_DATA}/fleet-ledger.sock`
http
  .get({ socketPath, path: "/readyz", headers: { host: "localhost" } }, ({ statusCode }) => {
    process.exit(statusCode === 200 ? 0 : 1)
  })
  .on("error", ({ message }) => {
    process.stderr.write(`${message}\n`)
    process.exit(1)
  })
