/** Package URLs (https://github.com/package-url/purl-spec) of what a machine's package manager has installed. */

interface System {
  /** ID and VERSION_ID of os-release(5). */
  readonly id: string
  readonly version: string | null
}

const types: readonly (readonly [type: string, ids: RegExp])[] = [
  ["deb", /^(?:debian|ubuntu|raspbian|linuxmint|kali|pop|devuan|proxmox|pureos|elementary|neon|zorin)$/],
  ["rpm", /^(?:fedora|rhel|centos|rocky|almalinux|ol|amzn|sles|sled|opensuse(?:-.+)?|mageia|mariner|azurelinux)$/],
  ["apk", /^(?:alpine|postmarketos|wolfi|chainguard)$/],
  ["alpm", /^(?:arch|archarm|manjaro|endeavouros|cachyos)$/],
]

/** Of an operating system whose packages have no type of their own, `generic`. @param version in rpm's way with the epoch before a colon */
export function purlOf(system: System, name: string, version: string, architecture: string | null): string {
  const type = types.find(([, ids]) => ids.test(system.id))?.[0] ?? "generic"
  const isRpm = type === "rpm"
  const [, epoch, rest = version] = (isRpm ? /^(\d+):(.*)$/s.exec(version) : null) ?? []
  const qualifiers = [
    ["arch", architecture],
    ["distro", system.version === null ? system.id : `${system.id}-${system.version}`],
    ["epoch", epoch],
  ].flatMap(([key, value]) => (value === undefined || value === null || value === "" ? [] : `${key}=${encoded(value)}`))
  const namespace = type === "generic" ? "" : `${encoded(system.id)}/`
  const called = isRpm || type === "generic" ? name : name.toLowerCase()
  return `pkg:${type}/${namespace}${encoded(called)}${rest === "" ? "" : `@${encoded(rest)}`}?${qualifiers.join("&")}`
}

/** All but letters, digits and `.-_~:` by their bytes. */
function encoded(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%3A", ":")
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
