import { eventLines } from '../nexmark/events.mjs'
import { cachedPieces } from './files.mjs'

/**
 * The sizes of a batch, in events. `batches`: those of the data. `warm`: those of every contender before its first measured turn, after
 * which neither V8 nor a JVM compiles much: Millrace's q3 takes 6.9 ms in its first 25 batches of 10,000 events, 2.1 after 50, 1.5 after 100; Spark's
 * 40 in its first 50, 27 after 50, 20 after 200. The batch `answerAt` is one of them.
 */
const SIZES = [
  { suffix: '', events: 10_000, quick: 2000, batches: 280, warm: 200, answerAt: 20 },
  { suffix: '-100k', events: 100_000, quick: 4000, batches: 70, warm: 40, answerAt: 10 },
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

/**
 * These queries store persons or auctions, which would meet older events if a batch came twice: the ids of their data go on from the warm-up.
 * The sellers of q6 grow with the stream, for each contender.
 */
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
      : { warm: warm / each }),
    prepare: ({ quick }) => {
      const count = quick ? few : events
      const folder = cachedPieces(`nexmark-${batches}x${count}`, batches, (i) => eventLines(i, count))
      const { task, bytes, records } = pieces(folder, batches, { query, answerAt, each })
      return { task, bytes: bytes * each, records: records * each }
    },
    contenders: ['millrace', 'node', 'spark'],
  }
}
