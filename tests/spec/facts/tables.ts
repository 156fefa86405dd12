/** Constructed tables of sockets, as the kernel prints them in /proc/net. */

export interface Row {
  readonly local: string
  readonly state?: string
  readonly uid?: number
  readonly inode?: number
}

export function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ local, state = "0A", uid = 0, inode = 1 }, index) =>
      `   ${index}: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0 100 0 0 10 0`,
  )
  return [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    ...lines,
  ].join("\n")
}
