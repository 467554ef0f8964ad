import { Context } from 'millrace'
import { timed } from '../node/serve.mjs'

/** Each partition returns a digest, so that the sorted lines need not be sent to the driver. */
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
  const sort = () =>
    context
      .textFile(file)
      .sortBy((line) => line)
      .mapPartitions(summarised)
      .collect()
  const answer = (parts) => ({
    keys: parts.reduce((sum, { count }) => sum + count, 0),
    total: parts.reduce((sum, { total }) => (sum + total) % 2 ** 32, 0),
    inversions: parts.reduce((sum, { inversions }) => sum + inversions, 0),
  })
  return { run: timed(sort), answer, close: () => context.stop() }
}
