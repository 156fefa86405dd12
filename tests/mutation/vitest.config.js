import { BaseSequencer } from "vitest/node"
import { mergeConfig } from "vitest/config"
import project from "../../vitest.config.ts"
import { instrumented } from "./instrumented.js"
import { rooms } from "./rooms.js"

const { mutate, tests } = rooms[process.env.ROOM]
const { files } = await instrumented(mutate)
const changed = new Map(files.map(({ name, content }) => [name, content]))

/** In the order in which the room names them: the quick ones notice most. */
class AsNamed extends BaseSequencer {
  sort = async (specs) => {
    const rank = ({ moduleId }) => tests.findIndex((name) => moduleId.endsWith(name))
    return specs.toSorted((a, b) => rank(a) - rank(b))
  }
}

const config = mergeConfig(project, {
  plugins: [{ name: "small changes", enforce: "pre", load: (id) => changed.get(id) }],
  test: {
    runner: "tests/mutation/runner.js",
    // One process, and not a thread: in a thread the time zone cannot be changed.
    pool: "forks",
    maxWorkers: 1,
    // What takes too long the runner says: one that hangs would end another behind it.
    testTimeout: 0,
    hookTimeout: 0,
    sequence: { sequencer: AsNamed },
  },
})
config.test.include = tests
export default config
