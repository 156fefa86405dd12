/**
 * Which of a machine's mounts are file systems with content of their own: on a block device, in a pool, on another machine, and the
 * root whatever it is. The kernel's own (proc, cgroup, …), memory (tmpfs) and read-only images (squashfs of a snap) are not, nor are the
 * layers that a container engine mounts for each container.
 */

export interface Mount {
  /** As it stands in mountinfo, escaped: the key to its line in statfs. */
  readonly escaped: string
  readonly mountPoint: string
  readonly source: string
  readonly type: string
  /** Equal for mounts that show the same file system. */
  readonly filesystem: string
  /** Whether it is a file system's own root. A piece of one mounted elsewhere (a bind mount) may be a single file. */
  readonly whole: boolean
}

const images = new Set(["squashfs", "erofs", "iso9660", "cramfs", "romfs"])
const pools = new Set(["zfs", "btrfs"])
const remote =
  /^(?:nfs|nfs4|cifs|smb3|smbfs|ceph|9p|virtiofs|afs|lustre|gpfs|beegfs|glusterfs|fuse\.(?:sshfs|glusterfs\w*|ceph|ceph-fuse|s3fs|rclone))$/

/** File systems whose neighbours share their space. */
export function sharesItsPool(type: string): boolean {
  return pools.has(type)
}

/** File systems that may take for ever to answer. */
export function isRemote(type: string): boolean {
  return remote.test(type)
}

/** The real file systems of a mountinfo (proc_pid_mountinfo(5)), one for each mount point: the last, which covers the others. */
export function realMounts(mountinfo: string): Mount[] {
  const mounts = new Map<string, Mount | undefined>()
  for (const line of mountinfo.split("\n")) {
    const [left = "", right] = line.split(" - ", 2)
    if (right === undefined) continue
    const [, , device = "", root = "", escaped = ""] = left.split(" ")
    const [type = "", source = "", options = ""] = right.split(" ")
    mounts.set(
      escaped,
      isReal(device, escaped, type, source) ? mountOf(device, root, escaped, type, source, options) : undefined,
    )
  }
  return [...mounts.values()].filter((mount) => mount !== undefined)
}

/**
 * In whose path stands the id that an engine has given to a layer, a container or a volume without a name: /var/lib/docker/zfs/graph/<id> and <id>-init,
 * devicemapper/mnt/<id>, plugins/<id>. They come and go with each container and each step of a build, and it is for the container to be told of.
 */
const ofContainer = /\/[0-9a-f]{64}(?:-init)?(?:\/|$)/

function isReal(device: string, mountPoint: string, type: string, source: string): boolean {
  if (mountPoint === "/") return true
  if (ofContainer.test(mountPoint)) return false
  if (images.has(type)) return false
  // A snapshot that somebody has looked into is mounted for a while.
  if (type === "zfs") return !source.includes("@")
  return pools.has(type) || remote.test(type) || type === "bcachefs" || !device.startsWith("0:")
}

function mountOf(device: string, root: string, escaped: string, type: string, source: string, options: string): Mount {
  // Subvolumes of btrfs are mounts of one device; each is a tree of its own.
  const subvolume = type === "btrfs" ? /(?:^|,)subvol=([^,]*)/.exec(options)?.[1] : undefined
  return {
    escaped,
    mountPoint: unescaped(escaped),
    source: withoutCredentials(unescaped(source)),
    type,
    filesystem: subvolume === undefined ? device : `${source} ${subvolume}`,
    whole: root === "/" || root === subvolume || remote.test(type) || type === "zfs",
  }
}

/** Space, tab, newline, `#` and backslash are written as three octal digits, byte by byte. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/** `https://user:secret@host/` is the source of some. */
function withoutCredentials(source: string): string {
  return source.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1")
}
