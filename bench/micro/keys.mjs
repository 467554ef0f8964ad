import { canonical, hashKey } from '#build/values/keys.js'
import { zipfLines } from '../words.mjs'

const COUNT = 10_000

/** Measures the cost of partitioning per key. */
export function keyBenches() {
  const lines = zipfLines()
  const words = []
  while (words.length < COUNT) words.push(...lines.next().value.trimEnd().split(' '))
  words.length = COUNT
  const kinds = {
    words,
    'whole numbers': Array.from({ length: COUNT }, (_, i) => i * 7919),
    fractions: Array.from({ length: COUNT }, (_, i) => i * 1.37),
    'pairs of a word and a number': words.map((word, i) => [word, i % 100]),
  }
  const benches = Object.entries(kinds).map(([name, keys]) => ({
    name: `hashKey of ${name}`,
    items: COUNT,
    run: () => total(keys),
  }))
  const pairs = kinds['pairs of a word and a number']
  benches.push({
    name: 'canonical of pairs',
    items: COUNT,
    run: () => pairs.reduce((sum, key) => sum + canonical(key).length, 0),
  })
  return { benches }
}

function total(keys) {
  let sum = 0
  for (const key of keys) sum = (sum + hashKey(key)) | 0
  return sum
}
