/**
 * What happens to machines, as pairs of records with the truth. `verdict` is what may be said: where only "doubtful" stands beside the truth, the two
 * documents do not hold enough to know.
 */
import type { Verdict } from "#discovery/identity/judge.js"
import type { JsonObject } from "#kernel/json.js"
import {
  type Machine,
  asRoot,
  asUser,
  engine,
  guest,
  guestWithAgent,
  lxc,
  metal,
  onTailnet,
  tailnetNode,
  vm,
  written,
} from "./machines.js"

export interface Case {
  readonly name: string
  readonly a: JsonObject
  readonly b: JsonObject
  readonly toldApart: boolean
  readonly truth: "same" | "different"
  /** In the order of what is best. */
  readonly verdict: readonly Verdict[]
}

type Pair = readonly [name: string, a: JsonObject, b: JsonObject]

function cases(truth: Case["truth"], verdict: readonly Verdict[], pairs: readonly Pair[], toldApart = false): Case[] {
  return pairs.map(([name, a, b]) => ({ name, a, b, toldApart, truth, verdict }))
}

/** A copy of the disk in a machine of its own. */
const disk = ({ machineId, hostKey, engineId }: Machine) => ({ machineId, hostKey, engineId })
const names = ({ hostname, domain, guestName }: Machine) => ({ hostname, domain, guestName })
/** Another system on the same hardware. */
const reinstalled = (seed: number) => disk(metal(seed + 5_000))

const swapped = (uuid: string | null) =>
  (uuid ?? "").replace(/^(..)(..)(..)(..)-(..)(..)-(..)(..)/, "$4$3$2$1-$6$5-$8$7").toUpperCase()

const junkBoard = { uuid: "03000200-0400-0500-0006-000700080009", serial: "Default string", product: "Default string" }
const bond = (mac: string) => ({ eno1: mac, eno2: mac, bond0: mac })
const card = { eno1: "e4:43:4b:00:00:37" }
const merged = (document: JsonObject, facet: string, members: JsonObject): JsonObject => ({
  ...document,
  [facet]: { ...(document[facet] as JsonObject), ...members },
})

const oneMachine: readonly Case[] = cases(
  "same",
  ["same"],
  [
    ["local and ssh, both as root", asRoot(metal(1)), asRoot(metal(1))],
    ["local as root, ssh without rights", asRoot(metal(2)), asUser(metal(2))],
    ["two accounts without rights", asUser(vm(3)), asUser(vm(3))],
    ["a guest and the system in it, as root", guest(vm(4)), asRoot(vm(4))],
    ["a guest and the system in it, without rights", guest(vm(5)), asUser(vm(5))],
    ["a guest that is called otherwise than its system", guest(vm(6, { guestName: "web-prod" })), asRoot(vm(6))],
    ["a guest whose agent tells, and the system in it", guestWithAgent(vm(7)), asRoot(vm(7))],
    ["a container and the system in it", guest(lxc(8)), asUser(lxc(8))],
    ["a guest seen by way of two nodes of its cluster", guest(vm(9)), guest(vm(9))],
    ["a container seen by way of two nodes of its cluster", guest(lxc(10)), guest(lxc(10))],
    ["a guest that migrated", guest(vm(11)), merged(guest(vm(11)), "guest", { node: "pve2" })],
    ["a UUID in the other byte order", asRoot(vm(12)), guest({ ...vm(12), uuid: swapped(vm(12).uuid) })],
    [
      "a UUID in the other byte order, and nothing but names beside it",
      merged({ lifecycle: "observed" }, "identity", { name: "host13", smbiosUuid: swapped(metal(13).uuid) }),
      asRoot(metal(13)),
    ],
    ["re-imaged: another system on the same metal", asRoot(metal(14)), asRoot(metal(14, reinstalled(14)))],
    ["re-imaged under another name", asRoot(metal(15)), asRoot(metal(15, { ...reinstalled(15), hostname: "build15" }))],
    ["a virtual machine re-imaged", asRoot(vm(16)), asRoot(vm(16, reinstalled(16)))],
    [
      "a virtual machine re-imaged under another name",
      guest(vm(17)),
      asRoot(vm(17, { ...reinstalled(17), hostname: "x" })),
    ],
    ["dual boot", asRoot(metal(18)), asRoot(metal(18, { ...reinstalled(18), hostname: "windows18" }))],
    ["renamed", asRoot(metal(19)), asRoot(metal(19, { hostname: "atlas", guestName: "atlas" }))],
    ["renamed, seen without rights", asUser(vm(20)), asUser(vm(20, { hostname: "atlas", guestName: "atlas" }))],
    ["another address", asUser(vm(21)), asUser(vm(21, { address: "192.168.7.7" }))],
    [
      "other network cards in metal, and so another address",
      asRoot(metal(22)),
      asRoot(metal(22, { macs: metal(9_022).macs, address: "10.6.6.6" })),
    ],
    [
      "a network card more",
      asUser(metal(23)),
      asUser(metal(23, { macs: { ...metal(23).macs, enp9: "a0:36:9f:00:00:23" } })),
    ],
    [
      "bonded: cards that show one address",
      asUser(metal(24, { macs: bond("e4:43:4b:00:00:24") })),
      asUser(metal(24, { macs: { eno1: "e4:43:4b:00:00:24", eno2: "e4:43:4b:00:00:25" } })),
    ],
    ["new host keys", asUser(metal(25)), asUser(metal(25, { hostKey: metal(9_025).hostKey }))],
    ["an engine and its host, as root", engine(vm(26)), asRoot(vm(26))],
    ["an engine seen over a socket and over TCP", engine(metal(27)), engine(metal(27))],
    ["a node of a tailnet and the system on it", tailnetNode(vm(28)), onTailnet(vm(28))],
    ["a board that says nothing, without clones", asRoot(metal(29, junkBoard)), asRoot(metal(29, junkBoard))],
    [
      "a board without a UUID, re-imaged: its serial number speaks",
      asRoot(metal(30, { uuid: null })),
      asRoot(metal(30, { uuid: null, ...reinstalled(30) })),
    ],
    ["two accounts of a container", asUser(lxc(34)), asRoot(lxc(34))],
    [
      "renamed and with new host keys",
      asRoot(vm(35)),
      asRoot(vm(35, { hostname: "atlas", hostKey: vm(9_035).hostKey })),
    ],
    [
      "a UUID in braces and capitals",
      asRoot(metal(36)),
      asRoot({ ...metal(36), uuid: `{${metal(36).uuid?.toUpperCase()}}` }),
    ],
    [
      "a bridge that has its card's address",
      asUser(metal(37, { macs: card })),
      asUser(metal(37, { macs: { ...card, vmbr0: card.eno1 } })),
    ],
    [
      "a cheap USB adapter that was pulled",
      asUser(metal(38)),
      asUser(metal(38, { macs: { ...metal(38).macs, enx0: "00:e0:4c:53:44:58" } })),
    ],
    ["an account that could not see the cards", asRoot(vm(39)), asRoot(vm(39, { macs: {} }))],
    ["a machine-id made anew", asRoot(metal(43)), asRoot(metal(43, { machineId: metal(9_043).machineId }))],
    ["a machine-id that nobody made yet", asRoot(vm(44)), asRoot(vm(44, { machineId: "uninitialized" }))],
    ["another address and another name at once", guest(vm(49)), asRoot(vm(49, { address: "10.8.8.8", hostname: "x" }))],
    ["a host written down twice, as root", asRoot(vm(32)), merged(asRoot(vm(32)), "access", { address: "10.9.9.9" })],
    [
      "host keys and a name",
      asUser(vm(33)),
      merged(written(vm(33)), "identity", {
        hostKeys: { "hostkey:ssh-ed25519": { fingerprint: vm(33).hostKey } },
      }),
    ],
  ],
)

const tooLittle: readonly Case[] = cases(
  "same",
  ["same", "doubtful"],
  [
    [
      "a virtual machine with another network card: so is a copy",
      asRoot(vm(40)),
      asRoot(vm(40, { macs: vm(9_040).macs })),
    ],
    [
      "a board that was replaced, with its cards moved over",
      asRoot(metal(41)),
      asRoot(metal(41, { uuid: metal(9_041).uuid })),
    ],
    [
      "a guest whose UUID somebody changed",
      guestWithAgent(vm(31)),
      merged(guestWithAgent(vm(31)), "identity", { smbiosUuid: vm(9_031).uuid }),
    ],
    ["a node that is called otherwise in its tailnet", tailnetNode(vm(42, { hostname: "phone" })), onTailnet(vm(42))],
  ],
)

/** Weak evidence alone is never enough, by law. */
const onlyWeak: readonly Case[] = cases(
  "same",
  ["doubtful"],
  [
    ["an inventory's line and the host it names", written(vm(45)), asUser(vm(45))],
    ["an inventory's line and a node of a tailnet", written(vm(46)), tailnetNode(vm(46))],
    ["an engine and its host, without rights", engine(vm(47)), asUser(vm(47))],
    ["two lines of two inventories, equal", written(vm(48)), written(vm(48))],
  ],
)

const neverMerged: readonly Case[] = [
  ...cases(
    "different",
    ["different"],
    [
      ["a clone, new in hardware only", asRoot(vm(50)), asRoot(vm(51, { ...disk(vm(50)), ...names(vm(50)) }))],
      ["a clone with a name of its own", asRoot(vm(52)), asRoot(vm(53, disk(vm(52))))],
      ["a clone with new host keys", asRoot(vm(54)), asRoot(vm(55, { machineId: vm(54).machineId }))],
      [
        "a clone with a new machine-id and the old host keys",
        asRoot(vm(56)),
        asRoot(vm(57, { hostKey: vm(56).hostKey })),
      ],
      [
        "a clone at the address that the other had",
        asRoot(vm(58)),
        asRoot(vm(59, { ...disk(vm(58)), address: vm(58).address })),
      ],
      ["a clone with a name of its own, seen without rights", asUser(vm(60)), asUser(vm(61, disk(vm(60))))],
      ["metal set up from one image", asRoot(metal(62)), asRoot(metal(63, disk(metal(62))))],
      ["boards that say nothing, of one series", asRoot(metal(64, junkBoard)), asRoot(metal(65, junkBoard))],
      ["two machines that share nothing", asRoot(metal(66)), asRoot(vm(67))],
      ["two machines that have one name", asRoot(vm(68)), asRoot(vm(69, names(vm(68))))],
      ["two machines that have one name, seen without rights", asUser(vm(70)), asUser(vm(71, names(vm(70))))],
      ["two hosts that swapped addresses", asRoot(metal(72)), asRoot(metal(73, { address: metal(72).address }))],
      ["a card that moved to another host", asRoot(metal(74)), asRoot(metal(75, { macs: metal(74).macs }))],
      ["a vmid used again, with another disk and other cards", guest(vm(76)), guest(vm(77, { vmid: vm(76).vmid }))],
      ["clusters of one name with containers of one id", guest(lxc(78)), guest(lxc(79, { vmid: lxc(78).vmid }))],
      ["a container and its host", asUser(lxc(80)), asRoot(metal(81))],
      [
        "a container that was given its host's UUID by a careless source",
        merged(asUser(lxc(82)), "identity", { smbiosUuid: metal(83).uuid }),
        asRoot(metal(83)),
      ],
      [
        "an application's container on its host's network, with its machine-id mounted",
        merged(asUser(metal(84)), "hardware", { virtualization: "docker" }),
        asUser(metal(84)),
      ],
      ["guests with one name in one cluster", guest(vm(85)), guest(vm(86, names(vm(85))))],
      ["a guest made anew under its name, with a new UUID and new cards", guest(vm(87)), asRoot(vm(88, names(vm(87))))],
      ["default names", asUser(vm(89, { hostname: "ubuntu" })), asUser(vm(90, { hostname: "ubuntu" }))],
    ],
  ),
  ...cases(
    "different",
    ["different"],
    [
      [
        "a backup restored beside the original, both in one look",
        guest(vm(91)),
        guest(vm(91, { vmid: 991, macs: vm(9_091).macs })),
      ],
      [
        "a backup restored with the same cards, both in one look",
        guestWithAgent(vm(92)),
        guestWithAgent(vm(92, { vmid: 992 })),
      ],
      ["two engines that share an id (before Docker 24), both in one look", engine(vm(93)), engine(vm(93))],
    ],
    true,
  ),
  ...cases(
    "different",
    ["different", "doubtful"],
    [
      [
        "a backup restored beside the original, and the original's system",
        asRoot(vm(94)),
        guestWithAgent(vm(94, { vmid: 994, macs: vm(9_094).macs })),
      ],
      [
        "a clone with its name, seen without rights",
        asUser(vm(95)),
        asUser(vm(96, { ...disk(vm(95)), ...names(vm(95)) })),
      ],
      [
        "a clone on a board that says nothing, with its name and once its address",
        asRoot(metal(97, junkBoard)),
        asRoot(metal(98, { ...junkBoard, ...disk(metal(97)), ...names(metal(97)), address: metal(97).address })),
      ],
      [
        "a card that moved to another host, seen without rights",
        asUser(metal(99)),
        asUser(metal(100, { macs: metal(99).macs })),
      ],
      ["a clone's engine", engine(vm(101, { engineId: vm(102).engineId })), asRoot(vm(102))],
      [
        "an inventory's line, and who has that address now",
        written(vm(103)),
        asUser(vm(104, { address: vm(103).address })),
      ],
      ["a name used again", written(vm(105)), asUser(vm(106, names(vm(105))))],
      [
        "a guest made anew under its id, its name and its card",
        asRoot(vm(107)),
        guestWithAgent(vm(108, { ...names(vm(107)), macs: vm(107).macs, vmid: vm(107).vmid })),
      ],
      [
        "a restored copy in another cluster, at another address",
        guest(vm(109)),
        guest(vm(109, { cluster: "dr", macs: vm(9_109).macs })),
      ],
      [
        "a copy in another cluster with all that it had",
        guestWithAgent(vm(110)),
        guestWithAgent(vm(110, { cluster: "dr" })),
      ],
      [
        "clusters of one name with containers of one id and one name",
        guest(lxc(114)),
        guest(lxc(115, { ...names(lxc(114)), vmid: lxc(114).vmid })),
      ],
      [
        "a copy with its disk, UUID and names, and a new card",
        asRoot(vm(116)),
        asRoot(vm(116, { macs: vm(9_116).macs })),
      ],
      [
        "a copy with its disk, cards and names, and a new UUID, in a network of its own",
        asRoot(vm(117)),
        asRoot(vm(117, { uuid: vm(9_117).uuid })),
      ],
      [
        "a container made anew under its id",
        guest(lxc(111)),
        guest(lxc(111, { macs: lxc(9_111).macs, guestName: "other" })),
      ],
      ["an engine on a host that has its predecessor's name", engine(vm(112)), asRoot(vm(113, names(vm(112))))],
    ],
  ),
]

export const corpus: readonly Case[] = [...oneMachine, ...tooLittle, ...onlyWeak, ...neverMerged]
