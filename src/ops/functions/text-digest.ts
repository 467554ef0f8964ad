/** 12 hexadecimal digits (48 bits) of a text: the same in every run and thread. Loads what it needs at the first call. */
export function textDigest(text: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
