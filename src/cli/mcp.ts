/** `fleet-ledger mcp`: the tools for agents, over standard input and output. */
import { serveStdio } from "@modelcontextprotocol/server/stdio"
import { loadConfig } from "#config/load.js"
import { bug } from "#kernel/errors.js"
import { mcpServer } from "#mcp/server.js"
import { loadCommands } from "./commands.js"
import { complain } from "./complain.js"
import type { GlobalFlags } from "./program.js"
import { reach } from "./reach.js"
import { untilToldToStop } from "./told-to-stop.js"

/** Ends with its input, or when told to. */
export async function mcp(flags: GlobalFlags & { readonly write?: boolean }): Promise<void> {
  const commands = new Map((await loadCommands()).map((spec) => [spec.name, spec]))
  const specOf = (name: string) => {
    const spec = commands.get(name)
    if (spec === undefined) throw bug(`the build wrote down no operation "${name}"`)
    return spec
  }
  const mayWrite = flags.write === true || loadConfig(flags, process.env).mcp.write
  const gone = new Promise<void>((resolve) => process.stdin.once("end", resolve).once("close", resolve))
  const serving = serveStdio(
    () =>
      mcpServer({
        // The folder is let go of in between, so that others can work on it while somebody thinks.
        async within(signal, work) {
          const caller = await reach(flags, signal)
          try {
            return await work({
              invoke: (operation, input, aborted, progress) =>
                caller.invoke(specOf(operation.name), input, aborted, progress),
              read: (operation, input, aborted) => caller.read(specOf(operation.name), input, aborted),
            })
          } finally {
            await caller.close()
          }
        },
        allows: () => mayWrite,
        failed: complain,
      }),
    { onerror: complain },
  )
  await Promise.race([gone, untilToldToStop()])
  await serving.close()
}
