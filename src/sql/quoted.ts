/** Returns why DuckDB cannot have a name; undefined if it can. It ends every text at a NUL character. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'is empty'
  return name.includes('\0') ? 'has a NUL character' : undefined
}

/** Returns a name as it stands in SQL, whatever other characters it has. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
