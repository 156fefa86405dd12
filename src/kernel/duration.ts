/** Durations as people write them in configuration and on the command line: `90s`, `5m`, `2h`, `3d`, `1w`, `1h30m`. */

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds, or undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:ms|[smhdw]))+$/.test(text)) return undefined
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g))
    total += Number(count) * (unitMs[unit as string] as number)
  return total
}
