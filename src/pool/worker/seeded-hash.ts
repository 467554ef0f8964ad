/** A thread's own, so that nobody can choose keys that all come to the same place. */
export const SEED = (Math.random() * 2 ** 32) | 0

/** A hash of a text in this thread only: others have other seeds. */
export function hashText(text: string): number {
  let hash = SEED
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}
