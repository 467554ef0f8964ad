/** The seed of this thread, so that an attacker cannot choose keys that collide. */
export const SEED = (Math.random() * 2 ** 32) | 0

/** Returns the hash of a text, valid in this thread only: others have other seeds. */
export function hashText(text: string): number {
  let hash = SEED
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}
