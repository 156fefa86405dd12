/** Settings of a guest that are several in one text, such as `virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=20`. */

/** The first may stand without its key, under "". Of keys that stand twice the first counts. */
export function properties(setting: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const part of setting.split(",")) {
    const equals = part.indexOf("=")
    const key = part.slice(0, Math.max(equals, 0))
    if (!found.has(key)) found.set(key, part.slice(equals + 1))
  }
  return found
}

const unitMiB: Readonly<Record<string, number>> = { "": 2 ** -20, K: 2 ** -10, M: 1, G: 2 ** 10, T: 2 ** 20 }

/** `32G`, `528K`, bytes without a unit; in whole MiB, rounded up as a small disk is one. */
export function sizeMiB(size: string | undefined): number | null {
  const [, digits, unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?)([KMGT]?)$/.exec(size ?? "") ?? []
  const mib = Math.ceil(Number(digits) * (unitMiB[unit] ?? Number.NaN))
  return Number.isSafeInteger(mib) ? mib : null
}
