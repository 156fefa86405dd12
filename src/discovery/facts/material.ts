/**
 * What a Linux machine has to say, before anybody understands it: texts under fixed names, as read from /proc, /sys, /etc or a command.
 * How they are fetched is the source's business; what they mean is the same for every source, so the functions beside this file are pure.
 */
import type { JsonObject } from "#kernel/json.js"

export type MaterialName =
  | "os-release"
  | "kernel"
  | "boot-id"
  | "architecture"
  | "hostname"
  | "hosts"
  | "machine-id"
  | "smbios-uuid"
  | "dmi-vendor"
  | "dmi-product"
  | "cpuinfo"
  | "cpu-online"
  | "meminfo"
  | "stat"
  | "container"
  | "interfaces"
  | "addresses"
  | "routes"
  | "routes6"
  | "resolv"
  | "mounts"
  | "statfs"
  | "tcp"
  | "tcp6"
  | "udp"
  | "udp6"
  | "port-range"
  | "socket-owners"
  | "passwd"
  | "systemd-units"
  | "dpkg-status"

export type Material =
  /** `partial` says why some of it could not be seen. */
  | { readonly text: string; readonly partial?: string }
  /** Looked, and it is not there. */
  | { readonly absent: true }
  /** Could not be looked at, and why. */
  | { readonly denied: string }

export type Materials = Readonly<Record<MaterialName, Material>>

/** The fields of one facet, and why any of them is missing. */
export interface Facts {
  readonly fields: JsonObject
  readonly notLooked: Readonly<Record<string, string>>
}
