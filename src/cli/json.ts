/** JSON of records: what JSON has no form for becomes the nearest that it has, rather than a failed run. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, replace) ?? 'null'
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map || value instanceof Set) return [...value]
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>)
  if (value instanceof Error) return { name: value.name, message: value.message }
  return value
}
