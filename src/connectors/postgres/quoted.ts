/** Quotes a name for SQL. The name may contain any characters. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
