import { readFileSync, statSync } from 'node:fs'
import { GREP_WORD, linesFile } from '../data.mjs'
import { startSender } from '../lines-sent.mjs'
import { countLines } from '../plain.mjs'
import { keyPieces, numbersFile, ordersAndUsers, requestsFile, twoLines, wordPieces } from './files.mjs'
import { withLts } from './ids.mjs'
import { nexmarkWorkloads } from './nexmark.mjs'
import { sparkEngineWorkloads } from './spark-engine.mjs'

/*
 * The workloads. `prepare({ bytes, quick })` creates the data and returns `task`, words for the contenders, and the
 * `bytes` and `records` of one iteration. `contenders` are peers, with a variant after a colon if there are several;
 * Millrace's come first. `warm` is the least number of iterations before the first measured turn. `warmUp`, `rounds`
 * and `iterations` (per turn) override the defaults. `fresh` starts a process for each turn and measures the time from
 * its start to its first answer. `isWithLts: false` leaves the other Node out. `needs` is the peer without which a workload
 * is skipped. `prepare` may return `beside`: processes that work for the
 * contender whose turn it is, with all that they start. `module` is the module that contenders run, if its name differs from the workload's.
 */

const WINDOW = 30
/** Lines a second. */
const TRICKLE = 1000
/** Milliseconds. */
const INTERVALS = [100, 50, 40, 20, 10, 5]

/** Columnar engines over a file, and over its columns in memory. */
const COLUMNAR = ['polars', 'polars:columns', 'duckdb', 'duckdb:columns']

/** All peers that can read lines. */
const OF_LINES = [
  'millrace:builtins',
  'millrace:closures',
  'millrace:file',
  'node',
  'rxjs',
  'spark',
  'spark:file',
  'spark-sql',
  'spark-structured',
  'flink',
  ...COLUMNAR,
  'bytewax',
  'timely',
  'rust',
]

const ALL = [
  {
    name: 'wordcount',
    title: 'Word count: the words of a batch of text and how often each occurs',
    unit: 'lines',
    prepare: ({ bytes }) => ofFile(linesFile(bytes)),
    contenders: [...OF_LINES, 'rust:hashmap'],
  },
  {
    name: 'grep',
    title: 'Grep: how many lines of a batch contain a rare word',
    unit: 'lines',
    prepare: ({ bytes }) => ofFile(linesFile(bytes), { word: GREP_WORD }),
    contenders: [...OF_LINES, 'grep'],
  },
  {
    name: 'windows',
    title: `Windowed counts: words of ${WINDOW} s, sliding by 1 s, with an inverse`,
    unit: 'lines',
    warm: WINDOW + 2,
    prepare: ({ quick }) => ofPieces(wordPieces(WINDOW, quick ? 2 ** 20 : 2 ** 22), WINDOW),
    contenders: ['millrace:builtins', 'millrace:closures', 'node', 'spark'],
  },
  {
    name: 'topk',
    title: `Top 10 words of ${WINDOW} s, sliding by 1 s`,
    unit: 'lines',
    warm: WINDOW + 2,
    prepare: ({ quick }) => ofPieces(wordPieces(WINDOW, quick ? 2 ** 18 : 2 ** 20), WINDOW),
    contenders: ['millrace:builtins', 'millrace:closures', 'node', 'spark'],
  },
  {
    name: 'state-update',
    title: 'Keyed state: a count for each key, every key visited in every batch (updateStateByKey)',
    unit: 'updates',
    warm: 20,
    prepare: keyedState,
    contenders: ['millrace', 'node', 'spark'],
  },
  {
    name: 'state-map',
    title: 'Keyed state: a count for each key, only the keys of the batch visited (mapWithState)',
    unit: 'updates',
    warm: 20,
    prepare: keyedState,
    contenders: ['millrace', 'node', 'spark'],
  },
  {
    name: 'join',
    title: 'Join of a batch of orders with 100,000 known users, summed by region',
    unit: 'orders',
    prepare: ({ quick }) => {
      const { orders, users } = ordersAndUsers(quick ? 100_000 : 500_000, 100_000, 50)
      return ofFile(orders, { users })
    },
    contenders: ['millrace', 'node', 'spark', ...COLUMNAR],
  },
  {
    name: 'sort',
    title: 'Sort of a file of twelve-digit texts',
    unit: 'lines',
    prepare: ({ quick }) => ofFile(numbersFile(quick ? 200_000 : 1_000_000)),
    contenders: ['millrace', 'node', 'spark', ...COLUMNAR],
  },
  {
    name: 'json',
    title: 'JSON lines counted by one of their fields',
    unit: 'lines',
    prepare: ({ quick }) => ofFile(requestsFile(quick ? 50_000 : 250_000)),
    contenders: ['millrace:builtins', 'millrace:closures', 'node', 'spark-sql', ...COLUMNAR],
  },
  {
    name: 'intervals',
    title: `Almost empty batches at shorter and shorter intervals: ${TRICKLE} lines/s over loopback TCP; ms is a batch's processing at the longest`,
    unit: 'lines',
    warmUp: { iterations: 1, seconds: 0 },
    rounds: 2,
    iterations: 1,
    prepare: async ({ quick }) => {
      const sender = await startSender(TRICKLE)
      const task = { port: sender.port, seconds: quick ? 1 : 2.5, intervals: INTERVALS.join('-') }
      return { task, records: (TRICKLE * INTERVALS[0]) / 1000, close: () => sender.stop() }
    },
    contenders: ['millrace', 'spark', 'spark-structured'],
  },
  {
    name: 'startup',
    title: 'From the start of a process to its first result: the words of two lines',
    unit: 'lines',
    fresh: true,
    warmUp: { iterations: 0, seconds: 0 },
    prepare: () => ofFile(twoLines()),
    contenders: ['millrace', 'node', 'spark', 'spark-sql', 'flink', 'polars', 'duckdb', 'rust'],
  },
  ...nexmarkWorkloads(ofPieces),
  ...sparkEngineWorkloads({ linesFile, twoLines, ofFile, keyedState }),
]

export const WORKLOADS = ALL.map(({ isWithLts = true, ...workload }) => ({
  ...workload,
  contenders: isWithLts ? withLts(workload.contenders) : workload.contenders,
}))

function ofFile(file, more) {
  return { task: { file, ...more }, ...volume([file]) }
}

/** Iteration i reads piece i of the folder, and starts again after the last one. */
function ofPieces(folder, count, more) {
  const files = Array.from({ length: count }, (_, i) => `${folder}/${String(i).padStart(3, '0')}.txt`)
  const { bytes, records } = volume(files)
  return { task: { pieces: folder, count, ...more }, bytes: bytes / count, records: records / count }
}

function keyedState({ quick }) {
  const keys = quick ? 100_000 : 1_000_000
  const updates = quick ? 20_000 : 100_000
  // The answer is that of one batch, since the state continues to change.
  return { ...ofPieces(keyPieces(20, updates, keys), 20, { keys, answerAt: 20 }), bytes: undefined }
}

function volume(files) {
  return {
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    records: files.reduce((sum, file) => sum + countLines(readFileSync(file)), 0),
  }
}
