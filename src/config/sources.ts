/** Where to look: what each kind of source is configured with. */
import * as z from "zod"
import { duration, secret } from "./values.js"

const sourceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "a name of lower-case letters, digits, '.', '_' and '-'")
  .refine(
    (name) => !name.startsWith("import."),
    'a name that does not begin with "import.": that is what imports are called',
  )

const ofEverySource = {
  name: sourceName,
  /** Time between looks; `discovery.every` unless given. */
  every: duration.optional(),
}

const scanOfOne = {
  kind: z.enum(["trivy", "grype", "debsecan"]),
  /** What it printed, on this machine: JSON, of debsecan its summary. */
  file: z.string().min(1),
  /** How long it counts. */
  maxAge: duration.prefault("7d"),
}
/** Reports of scanners for vulnerabilities. */
const scansOfOne = z
  .array(z.strictObject(scanOfOne))
  .refine((all) => all.length === new Set(all.map(({ kind }) => kind)).size, "one report of each scanner")
  .optional()
const scansOfMany = z
  .array(z.strictObject({ ...scanOfOne, target: z.string().min(1) }))
  .refine(
    (all) => all.length === new Set(all.map(({ kind, target }) => `${kind} ${target}`)).size,
    "one report of each scanner for a machine",
  )
  .optional()

const localSource = z.strictObject({ ...ofEverySource, kind: z.literal("local"), scans: scansOfOne })

const port = z.int().min(1).max(65_535)
/** How to log in; what is not said here, ssh's own configuration says. */
const sshLogin = {
  user: z.string().min(1).optional(),
  port: port.optional(),
  /** File with the private key. */
  key: z.string().min(1).optional(),
  /** Of that key. */
  passphrase: secret.optional(),
  /** Whether to look at the Docker Engine there, too; or where its socket is. */
  docker: z.union([z.boolean(), z.string().regex(/^\//, "true, false, or the path of a socket")]).optional(),
}
/** What a host is called, here and in ssh's configuration. */
const hostName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:%-]{0,252}$/, "the name or address of a host")

const sshSource = z
  .strictObject({
    ...ofEverySource,
    kind: z.literal("ssh"),
    hosts: z
      .array(
        z.union([
          hostName.transform((name) => ({ name })),
          z.strictObject({ name: hostName, address: z.string().min(1).optional(), ...sshLogin }),
        ]),
      )
      .min(1),
    ...sshLogin,
    /** Instead of `~/.ssh/config`. */
    sshConfig: z.string().min(1).optional(),
    /** Whether to look as root where sudo takes no password. */
    sudo: z.boolean().default(false),
    /** Hosts that are looked at at once. */
    together: z.int().min(1).max(256).default(16),
    /** How long one host may take. */
    deadline: duration.prefault("60s"),
    scans: scansOfMany,
  })
  .refine(
    ({ hosts, scans = [] }) => scans.every(({ target }) => hosts.some(({ name }) => name === target)),
    "a scan's target has to be one of the hosts",
  )

const dockerSource = z
  .strictObject({
    ...ofEverySource,
    kind: z.literal("docker"),
    /** `unix:///run/docker.sock`, `tcp://host:2376`, `ssh://user@host`; else what the `docker` command would use. */
    host: z.string().min(1).optional(),
    /** A context of the `docker` command's. */
    context: z.string().min(1).optional(),
    /** Files in PEM. */
    tls: z
      .strictObject({
        ca: z.string().min(1).optional(),
        cert: z.string().min(1).optional(),
        key: z.string().min(1).optional(),
      })
      .optional(),
  })
  .refine(({ host, context }) => host === undefined || context === undefined, "host or context, not both")

const proxmoxSource = z
  .strictObject({
    ...ofEverySource,
    kind: z.literal("proxmox"),
    /** Of nodes of one cluster, `host` or `host:port`; the first that answers is asked. */
    addresses: z.array(z.string().min(1)).min(1),
    token: z.string().regex(/^[^@!\s]+@[^@!\s]+![^@!\s]+$/, "USER@REALM!TOKENID, as Proxmox shows it"),
    /** Of the token. */
    secret,
    /** File with the certificate of the authority that signed the cluster's. */
    ca: z.string().min(1).optional(),
    /** SHA-256 of the nodes' certificates, as Proxmox shows them. */
    fingerprints: z.array(z.string().min(1)).min(1).optional(),
    /** Its name: another one at these addresses is refused. */
    cluster: z.string().min(1).optional(),
  })
  .refine(({ ca, fingerprints }) => ca === undefined || fingerprints === undefined, "ca or fingerprints, not both")

const tailscaleSource = z.strictObject({
  ...ofEverySource,
  kind: z.literal("tailscale"),
  /** The `tailscale` command; on the path unless given. */
  command: z.string().min(1).optional(),
  /** The daemon's socket, which is asked where there is no command. */
  socket: z.string().min(1).optional(),
})

const fileSource = z.strictObject({
  ...ofEverySource,
  kind: z.literal("file"),
  /** An inventory: our own YAML, or Ansible's INI, YAML or JSON. */
  path: z.string().min(1),
  scans: scansOfMany,
})

export const sourceConfig = z.discriminatedUnion("kind", [
  localSource,
  sshSource,
  dockerSource,
  proxmoxSource,
  tailscaleSource,
  fileSource,
])
export type SourceConfig = z.output<typeof sourceConfig>
export type SshSourceConfig = z.output<typeof sshSource>
