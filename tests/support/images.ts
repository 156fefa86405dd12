/** Images made of what is on this machine, where no registry can be asked: a base with its Node.js, and what was built in this checkout. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import type Docker from "dockerode"

/** Packages of the lockfile that the program needs when it runs. */
async function productionPackages(): Promise<string[]> {
  const lock = JSON.parse(await fs.readFile("package-lock.json", "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>
  }
  const names = Object.entries(lock.packages).filter(([name, { dev, devOptional }]) => name && !dev && !devOptional)
  return names.map(([name]) => name)
}

/** What the Dockerfile's stage `build` makes: everything below /src. */
export async function importBuilt(docker: Docker, repo: string): Promise<void> {
  const outer = (await productionPackages()).filter((name) => name.lastIndexOf("node_modules/") === 0)
  const isThere = await Promise.all(
    outer.map((name) =>
      fs.access(name).then(
        () => true,
        () => false,
      ),
    ),
  )
  const files = ["package.json", "dist", ...outer.filter((_, index) => isThere[index])]
  await importTar(docker, repo, ["--transform=s,^,src/,", ...files])
}

/** Node.js with the libraries that it is linked to, a shell, and nobody. */
export async function importNodeBase(docker: Docker, repo: string, folder: string): Promise<void> {
  const root = path.join(folder, "node-base")
  const put = async (from: string, to: string) => {
    await fs.mkdir(path.dirname(path.join(root, to)), { recursive: true })
    await fs.copyFile(await fs.realpath(from), path.join(root, to))
  }
  const linked = execFileSync("ldd", [process.execPath], { encoding: "utf8" })
  for (const [library] of linked.matchAll(/\/\S+/g)) await put(library, library)
  await put(process.execPath, "usr/bin/node")
  await put("/bin/busybox", "bin/busybox")
  for (const applet of ["sh", "mkdir", "chown"]) await fs.symlink("busybox", path.join(root, "bin", applet))
  await fs.mkdir(path.join(root, "etc"))
  await fs.writeFile(path.join(root, "etc/passwd"), "nobody:x:65534:65534:nobody:/:/bin/sh\n")
  await fs.copyFile("/etc/os-release", path.join(root, "etc/os-release"))
  await importTar(docker, repo, ["--directory", root, "."])
}

async function importTar(docker: Docker, repo: string, args: readonly string[]): Promise<void> {
  const tar = spawn("tar", ["--create", "--file=-", ...args], { stdio: ["ignore", "pipe", "inherit"] })
  const progress = await docker.importImage(tar.stdout, { repo, tag: "latest" })
  await once(progress.resume(), "end")
}
