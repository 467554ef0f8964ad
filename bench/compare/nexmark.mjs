import { eventLines } from '../nexmark/events.mjs'
import { cachedPieces } from './files.mjs'

const BATCHES = 80
const ANSWER_AT = 20
/** Batches before the first measured turn: a JVM has compiled little after 20. */
const WARM = 40
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

/** A workload for each query. A batch is one second of events. `pieces(folder, count, more)` describes a folder. */
export function nexmarkWorkloads(pieces) {
  return Object.entries(QUERIES).map(([query, title]) => {
    const each = query === 'q7' || query === 'q8' ? TUMBLING : 1
    return {
      name: `nexmark-${query}`,
      module: 'nexmark',
      title: `Nexmark ${query}, ${title}`,
      unit: 'events',
      ...(ONCE.includes(query)
        ? { warmUp: { iterations: WARM, seconds: 0 }, iterations: (BATCHES - WARM) / ROUNDS, rounds: ROUNDS }
        : { warm: ANSWER_AT / each }),
      prepare: ({ quick }) => {
        const events = quick ? 2000 : 10_000
        const folder = cachedPieces(`nexmark-${BATCHES}x${events}`, BATCHES, (i) => eventLines(i, events))
        const { task, bytes, records } = pieces(folder, BATCHES, { query, answerAt: ANSWER_AT, each })
        return { task, bytes: bytes * each, records: records * each }
      },
      contenders: ['millrace', 'node', 'spark'],
    }
  })
}
