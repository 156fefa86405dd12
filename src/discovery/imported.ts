/** Sources that are no place to look but what somebody imported: their names, which no configured source can bear. */

/** @param name of the imports that belong together */
export function importSource(name: string): string {
  return `import.${name}`
}

export function isImport(source: string): boolean {
  return source.startsWith("import.")
}
