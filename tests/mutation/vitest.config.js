import { mergeConfig } from "vitest/config"
import project from "../../vitest.config.ts"
import { rooms } from "./rooms.js"

/** Processes and not threads: in a thread the time zone cannot be changed. */
const inProcesses = {
  name: "processes",
  configureVitest: ({ project: { config } }) => {
    config.pool = "forks"
  },
}

const config = mergeConfig(project, { plugins: [inProcesses] })
config.test.include = rooms[process.env.ROOM].tests
export default config
