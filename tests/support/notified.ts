/** A socket for datagrams that hears what `systemd-notify` says, as systemd would. Node has none, so Python listens. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { onTestFinished } from "vitest"

const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    data, ancillary, _, _ = s.recvmsg(4096, 4096)
    for _, _, descriptors in ancillary:  # the end that BARRIER=1 waits for to be closed
        import array, os
        for descriptor in array.array("i", descriptors[: len(descriptors) - len(descriptors) % 4]): os.close(descriptor)
    print(data.decode(), flush=True)
`

export interface Heard {
  readonly socket: string
  messages(): string[]
}

export async function notified(socket: string): Promise<Heard> {
  const child = spawn("python3", ["-c", listener, socket], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void child.kill())
  let printed = ""
  child.stdout.on("data", (text) => (printed += String(text)))
  await once(child.stdout, "data")
  return { socket, messages: () => printed.split("\n").slice(1, -1) }
}
