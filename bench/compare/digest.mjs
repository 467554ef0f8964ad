/** FNV-1a over the bytes of a text, 32 bits: the same few lines in every language of the peers. */
export function fnv1a(text) {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/**
 * The digest by which results of `[key, number]` pairs are compared: count, sum, and a hash that does not depend on
 * their order (the hash of each key times its number, modulo 2^32).
 */
export function digest(pairs) {
  let keys = 0
  let total = 0
  let hash = 0
  for (const [key, count] of pairs) {
    keys++
    total += count
    hash = (hash + Math.imul(fnv1a(String(key)), count % 2 ** 32)) >>> 0
  }
  return { keys, total, hash }
}
