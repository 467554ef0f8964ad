/**
 * Returns 12 hexadecimal digits (48 bits) of a text's hash; the same in every run and thread. Loads node:crypto on
 * first use.
 */
export function textDigest(text: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
