/** How answers can be printed. */
export const outputs = ["table", "json", "ndjson", "yaml", "csv"] as const
export type Output = (typeof outputs)[number]
