import { plainWordCount } from '../../plain.mjs'

const LENGTH = 30

/** Word counts of the last 30 batches, updated by the entering and the leaving batch. */
export function slidingCounts() {
  const kept = []
  const counts = new Map()
  return (bytes) => {
    const entering = plainWordCount(bytes)
    kept.push(entering)
    for (const [word, count] of entering) counts.set(word, (counts.get(word) ?? 0) + count)
    if (kept.length <= LENGTH) return counts
    for (const [word, count] of kept.shift()) {
      const left = counts.get(word) - count
      if (left === 0) counts.delete(word)
      else counts.set(word, left)
    }
    return counts
  }
}
