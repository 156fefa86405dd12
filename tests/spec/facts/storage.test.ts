import { describe, expect, it } from "vitest"
import { storageFacts } from "#discovery/facts/storage.js"
import { absent, at, denied, keys, machine, recorded } from "./materials.js"

/** Constructed: mountinfo, and an answer for every mount point that is a directory. */
function storage(mounts: readonly string[], statfs: readonly string[], partial?: string) {
  const text = statfs.join("\n")
  return storageFacts(machine({ mounts: mounts.join("\n"), statfs: partial === undefined ? text : { text, partial } }))
}

const gibibyte = "4096 262144 131072 131072"

describe("the file systems of a machine", () => {
  it("are the real ones, without those of the kernel and of memory", () => {
    expect(storageFacts(recorded)).toEqual({
      fields: {
        filesystems: {
          "fs:/": { device: "/dev/vda", type: "ext4", sizeMiB: 258_019, usedPercent: expect.any(Number) },
        },
      },
      notLooked: {},
    })
  })

  it("are full as df(1) has it: what is reserved for root is neither used nor available", () => {
    const facts = storage(["27 1 8:1 / / rw - ext4 /dev/sda1 rw"], ["4096 1000000 300000 200000 /"])
    expect(at(facts, "filesystems", "fs:/")).toEqual({
      device: "/dev/sda1",
      type: "ext4",
      sizeMiB: 3_906,
      usedPercent: 77.8,
    })
  })

  it("are the root whatever it is, and others only when they keep something", () => {
    const facts = storage(
      [
        "1 0 0:50 / / rw - overlay overlay rw,lowerdir=/x",
        "2 1 0:51 / /run rw - tmpfs tmpfs rw",
        "3 1 0:52 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw",
        "4 1 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro",
        "5 1 11:0 / /media/cdrom ro - iso9660 /dev/sr0 ro",
        "6 1 0:53 / /etc/pve rw - fuse /dev/fuse rw",
        "7 1 0:54 / /mnt/share rw - nfs4 nas:/export rw",
        "8 1 8:17 / /data rw - xfs /dev/sdb1 rw",
        "9 1 0:55 / /proc rw - proc proc rw",
      ],
      ["/", "/mnt/share", "/data"].map((mountPoint) => `${gibibyte} ${mountPoint}`),
    )
    expect(keys(at(facts, "filesystems"))).toEqual(["fs:/", "fs:/data", "fs:/mnt/share"])
  })

  it("are not the layers that a container engine mounts, whatever they are on", () => {
    const id = "0123456789abcdef".repeat(4)
    const facts = storage(
      [
        "1 0 0:30 / / rw - zfs rpool/ROOT rw",
        "2 1 0:31 / /var/lib/docker rw - zfs rpool/docker rw",
        `3 1 0:32 / /var/lib/docker/zfs/graph/${id} rw - zfs rpool/docker/${id} rw`,
        `4 1 0:33 / /var/lib/docker/zfs/graph/${id}-init rw - zfs rpool/docker/${id}-init rw`,
        `5 1 254:7 / /var/lib/docker/devicemapper/mnt/${id} rw - ext4 /dev/mapper/docker-254:0-1-${id} rw`,
        `6 1 0:35 / /var/lib/docker/plugins/${id}/propagated-mount rw - nfs4 nas:/export rw`,
        `7 1 8:3 / /srv/${id}0 rw - ext4 /dev/sda3 rw`,
      ],
      ["/", "/var/lib/docker", `/srv/${id}0`].map((mountPoint) => `${gibibyte} ${mountPoint}`),
    )
    expect(keys(at(facts, "filesystems"))).toEqual(["fs:/", `fs:/srv/${id}0`, "fs:/var/lib/docker"])
  })

  it("are there once each, by the shortest of their paths", () => {
    const mounts = [
      "1 0 8:1 / /srv/long/path rw - ext4 /dev/sda1 rw",
      "2 0 8:1 / /srv rw - ext4 /dev/sda1 rw",
      "3 0 8:1 /sub /srw rw - ext4 /dev/sda1 rw",
    ]
    const statfs = ["/srv/long/path", "/srv", "/srw"].map((mountPoint) => `${gibibyte} ${mountPoint}`)
    expect(keys(at(storage(mounts, statfs), "filesystems"))).toEqual(["fs:/srv"])
    expect(keys(at(storage(mounts.toReversed(), statfs), "filesystems"))).toEqual(["fs:/srv"])
  })

  it("are not the single files that a container gets from its host", () => {
    const facts = storage(
      [
        "1 0 0:50 / / rw - overlay overlay rw",
        "2 1 8:1 /var/lib/docker/containers/abc/hosts /etc/hosts rw - ext4 /dev/sda1 rw",
        "3 1 8:2 /var/lib/docker/volumes/data/_data /var/lib/data rw - ext4 /dev/sda2 rw",
      ],
      [`${gibibyte} /`, `${gibibyte} /var/lib/data`],
    )
    expect(keys(at(facts, "filesystems"))).toEqual(["fs:/", "fs:/var/lib/data"])
  })

  it("are not listed at all when nobody could see whether one of them is a single file", () => {
    const mounts = ["1 0 8:1 / / rw - ext4 /dev/sda1 rw", "2 1 8:2 /x /root/x rw - ext4 /dev/sda2 rw"]
    const { fields, notLooked } = storage(mounts, [`${gibibyte} /`, "? ? ? ? /root/x"], "permission denied")
    expect(fields).toBeUndefined()
    expect(notLooked).toEqual({ "/storage/filesystems": "permission denied" })
  })

  it("of btrfs are one for each subvolume, and of a pool have no size of their own", () => {
    const facts = storage(
      [
        "1 0 0:31 /@ / rw - btrfs /dev/nvme0n1p2 rw,space_cache=v2,subvolid=256,subvol=/@",
        "2 1 0:31 /@home /home rw - btrfs /dev/nvme0n1p2 rw,space_cache=v2,subvolid=257,subvol=/@home",
        "3 1 0:31 /@home/ada /srv/ada rw - btrfs /dev/nvme0n1p2 rw,space_cache=v2,subvolid=257,subvol=/@home",
        "4 1 0:40 / /tank rw - zfs tank rw,xattr",
        "5 1 0:41 / /tank/media rw - zfs tank/media rw,xattr",
        "6 1 0:42 / /tank/.zfs/snapshot/daily ro - zfs tank@daily ro,xattr",
      ],
      ["/", "/home", "/srv/ada", "/tank", "/tank/media", "/tank/.zfs/snapshot/daily"].map(
        (path) => `${gibibyte} ${path}`,
      ),
    )
    expect(keys(at(facts, "filesystems"))).toEqual(["fs:/", "fs:/home", "fs:/tank", "fs:/tank/media"])
    expect(at(facts, "filesystems", "fs:/tank/media")).toEqual({ device: "tank/media", type: "zfs", usedPercent: 50 })
    expect(facts.notLooked).toEqual({ "/storage/filesystems/*/sizeMiB": "zfs and btrfs share the space of their pool" })
  })

  it("of btrfs stay when their size could not be seen: a subvolume is no single file", () => {
    const mount = "2 1 0:31 /@srv /srv rw - btrfs /dev/sda2 rw,subvolid=258,subvol=/@srv"
    const facts = storage([mount], ["? ? ? ? /srv"], "permission denied")
    expect(at(facts, "filesystems")).toEqual({ "fs:/srv": { device: "/dev/sda2", type: "btrfs" } })
  })

  it("stay when their server does not answer; only how full they are is not known then", () => {
    const facts = storage(
      ["1 0 0:50 / /mnt rw - nfs4 nas:/export rw"],
      ["? ? ? ? /mnt"],
      "a remote file system does not answer",
    )
    expect(at(facts, "filesystems")).toEqual({ "fs:/mnt": { device: "nas:/export", type: "nfs4" } })
    expect(facts.notLooked).toEqual({
      "/storage/filesystems/*/sizeMiB": "a remote file system does not answer",
      "/storage/filesystems/*/usedPercent": "a remote file system does not answer",
    })
  })

  it("have the name that a person gave them, spaces and all", () => {
    const facts = storage(
      ["1 0 8:1 / /mnt/my\\040disk\\134x rw - ext4 /dev/sda1 rw"],
      [`${gibibyte} /mnt/my\\040disk\\134x`],
    )
    expect(keys(at(facts, "filesystems"))).toEqual(["fs:/mnt/my disk\\x"])
  })

  it("do not give away the password in the address of one", () => {
    const facts = storage(
      ["1 0 0:60 / /mnt rw - fuse.rclone https://ada:secret@cloud.example.com/dav rw"],
      ["? 100 50 50 /mnt"],
      "FUSE counts in fragments, whose size is not known",
    )
    expect(at(facts, "filesystems", "fs:/mnt")).toEqual({
      device: "https://cloud.example.com/dav",
      type: "fuse.rclone",
      usedPercent: 50,
    })
  })

  it("are what is mounted on top, where two are mounted at one place", () => {
    const facts = storage(
      ["1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw", "2 1 8:2 / /mnt rw - xfs /dev/sdb1 rw"],
      [`${gibibyte} /mnt`],
    )
    expect(at(facts, "filesystems", "fs:/mnt", "device")).toBe("/dev/sdb1")
    const hidden = storage(
      ["1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw", "2 1 0:9 / /mnt rw - tmpfs tmpfs rw"],
      [`${gibibyte} /mnt`],
    )
    expect(at(hidden, "filesystems")).toEqual({})
  })

  it("are not looked at without a list of mounts or an answer to their sizes", () => {
    expect(storageFacts(machine({ mounts: denied })).notLooked).toEqual({ "/storage/filesystems": "permission denied" })
    expect(storageFacts(machine({ statfs: absent })).fields).toBeUndefined()
  })
})
