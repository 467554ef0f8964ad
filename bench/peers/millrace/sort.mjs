import { Context } from 'millrace'
import { timed } from '../node/serve.mjs'

/** Each partition returns a digest, which is not part of the measured time. */
function* summarised(lines) {
  let count = 0
  let total = 0
  let inversions = 0
  let last = ''
  for (const line of lines) {
    count++
    total = (total + Number(line)) % 4294967296
    if (line < last) inversions++
    last = line
  }
  yield { count, total, inversions }
}

export async function open({ threads, file }) {
  const context = new Context({ threads })
  let sorted
  /** The sorted lines stay in memory, as those of polars and of the loop do. */
  const sort = async () => {
    sorted?.unpersist()
    sorted = context
      .textFile(file)
      .sortBy((line) => line)
      .persist()
    return sorted.count()
  }
  const answer = async () => {
    const parts = await sorted.mapPartitions(summarised).collect()
    return {
      keys: parts.reduce((sum, { count }) => sum + count, 0),
      total: parts.reduce((sum, { total }) => (sum + total) % 2 ** 32, 0),
      inversions: parts.reduce((sum, { inversions }) => sum + inversions, 0),
    }
  }
  return { run: timed(sort), answer, close: () => context.stop() }
}
