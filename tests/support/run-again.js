/**
 * The built program, loaded once and run again and again: what it answers is the same, without a third of a second of a processor for every start. It is told
 * what to run, and tells what became of it. It ends with whoever started it.
 */
import http from "node:http"
import https from "node:https"
import { run } from "../../dist/src/cli/program.js"

// Each run connects anew, as one that ends has to.
http.globalAgent = new http.Agent()
https.globalAgent = new https.Agent()

let said = ""
process.stdout.write = (text) => {
  said += text
  return true
}
let complained = ""
process.stderr.write = (text) => {
  complained += text
  return true
}

async function runOnce({ args, cwd, env }) {
  ;[said, complained] = ["", ""]
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  const code = await run(args)
  // A folder that the test removes is no place to stay in.
  process.chdir("/")
  process.send({ code, stdout: said, stderr: complained })
}

process.on("message", (asked) => void runOnce(asked))
