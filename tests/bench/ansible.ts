/** What gathering facts with ansible costs, beside our looks at the same hosts: what it gathers is less, and it keeps nothing. Its connections are kept as ours are. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { cpuSecondsOf, processesBelow, type SshFleet } from "#tests/support/ssh-fleet.js"
import { whenFinished } from "#tests/support/when-finished.js"

/** Its processes are in a namespace of their own, where those that it leaves behind are found again. */
export class Ansible {
  readonly #run: () => Promise<void>
  readonly #pid: number

  private constructor(run: () => Promise<void>, pid: number) {
    this.#run = run
    this.#pid = pid
  }

  static start(fleet: SshFleet, hosts: readonly string[], folder: string): Ansible {
    const config = path.join(fleet.home, ".ssh/ansible")
    const inventory = path.join(folder, "inventory")
    fs.writeFileSync(
      config,
      `Host *\n User root\n UserKnownHostsFile ${fleet.home}/.ssh/known_hosts\n IdentityFile ${fleet.home}/.ssh/id_ed25519\n${fs.readFileSync(path.join(fleet.home, ".ssh/config"), "utf8")}`,
    )
    fs.writeFileSync(inventory, hosts.map((name) => `${name}\n`).join(""))
    const gather = `ansible all -i ${inventory} -m setup -f 32 >/dev/null 2>${folder}/ansible.log </dev/null; echo $?`
    const apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    const rounds = ["sh", "-c", `while read -r go; do ${gather}; done`]
    const [command = "", ...args] = [...fleet.nearby, ...apart, ...rounds]
    const child = spawn(command, args, {
      env: {
        ...process.env,
        HOME: fleet.home,
        ANSIBLE_SSH_ARGS: `-F ${config} -o ControlMaster=auto -o ControlPersist=300s`,
      },
      stdio: ["pipe", "pipe", "inherit"],
    })
    whenFinished(() => void child.kill("SIGKILL"))
    const run = async () => {
      child.stdin.write("go\n")
      const [said] = (await once(child.stdout, "data")) as [Buffer]
      if (said.toString().trim() !== "0")
        throw new Error(`ansible failed: ${fs.readFileSync(`${folder}/ansible.log`, "utf8").slice(0, 500)}`)
    }
    return new Ansible(run, child.pid ?? 0)
  }

  /** Gathers the facts of all hosts. */
  gather(): Promise<void> {
    return this.#run()
  }

  get cpuSeconds(): number {
    return cpuSecondsOf(processesBelow(this.#pid))
  }
}
