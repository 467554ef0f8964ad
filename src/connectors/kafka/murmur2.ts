/** The hash function by which Java's producer assigns keys to partitions. */
export function murmur2(key: Uint8Array): number {
  const { length } = key
  const m = 0x5bd1e995
  let h = 0x9747b28c ^ length
  let i = 0
  for (; i + 4 <= length; i += 4) {
    let k = key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24)
    k = Math.imul(k, m)
    k = Math.imul(k ^ (k >>> 24), m)
    h = Math.imul(h, m) ^ k
  }
  const left = length - i
  if (left > 2) h ^= key[i + 2]! << 16
  if (left > 1) h ^= key[i + 1]! << 8
  if (left > 0) h = Math.imul(h ^ key[i]!, m)
  h = Math.imul(h ^ (h >>> 13), m)
  return h ^ (h >>> 15)
}
