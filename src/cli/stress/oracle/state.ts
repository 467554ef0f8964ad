import { sparseEntries } from '../data.js'
import { type MakeOracle, oracle } from './oracle.js'

/** Reports keys that were idle for more than this many batches, in every tenth batch. */
const TIMEOUT = 4
const SCAN = 10

export const stateOracle: MakeOracle = (spec) => {
  const tallies = new Map<string, { sum: number; idle: number }>()
  let sizes: number[] = []
  const visited = new Map<string, { sum: number; batch: number }>()

  return oracle((batch) => {
    const drawn = sparseEntries(spec, batch)
    const seen = new Set(drawn.map(([, key]) => key))
    for (const [key, tally] of tallies) {
      if (seen.has(key)) tally.idle = 0
      else if (++tally.idle === 3) tallies.delete(key)
    }
    for (const [, key, value] of drawn) {
      const tally = tallies.get(key)
      if (tally) tally.sum += value
      else tallies.set(key, { sum: value, idle: 0 })
    }

    sizes = [...sizes, tallies.size].slice(-3)

    const visits: [key: string, what: string, sum: number][] = []
    for (const [, key, value] of drawn) {
      const sum = (visited.get(key)?.sum ?? 0) + value
      visits.push([key, 'seen', sum])
      if (value % 50 === 0) visited.delete(key)
      else visited.set(key, { sum, batch })
    }
    if (batch % SCAN === 0) {
      for (const [key, { sum, batch: lastBatch }] of visited) {
        if (lastBatch >= batch - TIMEOUT) continue
        visits.push([key, 'idle', sum])
        visited.delete(key)
      }
    }
    return {
      serials: drawn.map(([serial]) => serial),
      answers: {
        tallies: { records: [...tallies].map(([key, { sum, idle }]) => [key, { sum, idle }]) },
        recent: { records: [sizes.reduce((a, b) => a + b)] },
        visits: { records: visits },
        snapshot: { records: [...visited].map(([key, { sum }]) => [key, sum]) },
      },
    }
  })
}
