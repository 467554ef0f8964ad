import { eventLines } from '../nexmark/events.mjs'
import { cachedPieces } from './files.mjs'

/**
 * The sizes of a batch, in events. `batches`: those of the data. `warm`: those before the first measured turn, as a JVM has
 * compiled little after 200,000 events; one of them is `answerAt`.
 */
const SIZES = [
  { suffix: '', events: 10_000, quick: 2000, batches: 80, warm: 40, answerAt: 20 },
  { suffix: '-100k', events: 100_000, quick: 4000, batches: 35, warm: 15, answerAt: 10 },
]
const ROUNDS = 5
/** Seconds of the windows of queries 7 and 8: an iteration is a whole window. */
const TUMBLING = 5

const QUERIES = {
  q0: 'pass through',
  q1: 'currency conversion',
  q2: 'selection',
  q3: 'local items: incremental join of persons and auctions',
  q4: 'average price of a category: state of auctions, then of categories',
  q5: 'hot items: bids of 10 s, sliding by 1 s',
  q6: 'average price of the last ten auctions of a seller',
  q7: `highest bid of ${TUMBLING} s, tumbling`,
  q8: `new users who sell within ${TUMBLING} s, tumbling`,
}

/** These queries store auctions, which would meet older events if a batch came twice. */
const ONCE = ['q3', 'q4', 'q6']

/**
 * A workload for each query and size of a batch, which is one second of events. `pieces(folder, count, more)` describes a
 * folder.
 */
export function nexmarkWorkloads(pieces) {
  return SIZES.flatMap((size) => Object.entries(QUERIES).map(([query, title]) => workload(pieces, query, title, size)))
}

function workload(pieces, query, title, { suffix, events, quick: few, batches, warm, answerAt }) {
  const each = query === 'q7' || query === 'q8' ? TUMBLING : 1
  return {
    name: `nexmark-${query}${suffix}`,
    module: 'nexmark',
    title: `Nexmark ${query}, ${title}; ${events.toLocaleString('en-US')} events a batch`,
    unit: 'events',
    ...(ONCE.includes(query)
      ? { warmUp: { iterations: warm, seconds: 0 }, iterations: (batches - warm) / ROUNDS, rounds: ROUNDS }
      : { warm: answerAt / each }),
    prepare: ({ quick }) => {
      const count = quick ? few : events
      const folder = cachedPieces(`nexmark-${batches}x${count}`, batches, (i) => eventLines(i, count))
      const { task, bytes, records } = pieces(folder, batches, { query, answerAt, each })
      return { task, bytes: bytes * each, records: records * each }
    },
    contenders: ['millrace', 'node', 'spark'],
  }
}
