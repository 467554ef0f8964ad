import { includes, split, withEnv } from 'millrace'
import { requestLine } from './compare/files.mjs'
import { GREP_WORD, linesBuffer } from './data.mjs'
import { eventCodec } from './guard-codec.mjs'
import { emptyBatch, keyedState, windows } from './guard-streams.mjs'
import { measured, sortedPairs } from './guard-support.mjs'
import {
  COMPUTED_SUMS,
  FIELD_FILTER,
  fieldLine,
  JSON_SUMS,
  OBJECT_SUMS,
  OBJECTS,
  REFUSED_OBJECTS,
  textOf,
} from './kernels.mjs'
import { plainGrep, plainWordCount } from './plain.mjs'

/*
 * The guard's measurements: the time of the first contender as a multiple of the second's. `open()` returns `first`,
 * `second` and `normal`, as `versus` expects them, and `close`. `by` chooses the time: that of the processors, which
 * other processes hardly change, or that by the clock. `needsIdle` skips the ratio while other processes are busy.
 * `margin` is the factor by which a ratio may exceed the baseline's: it covers another machine and a busy one, but not
 * a lost kernel or a loop that is no longer fused, which cost more.
 */

const MIB = 2 ** 20
const WORD_COUNT_BYTES = 16 * MIB
const GREP_BYTES = 24 * MIB
const JSON_BYTES = 32 * MIB
const FIELDS_BYTES = 16 * MIB
const SORT_BYTES = 32 * MIB
const JOIN_BYTES = 16 * MIB

/** As users write it: kernels run these closures. */
const wordCountWritten = (lines) =>
  lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
/** No kernel reads calls with these second arguments, which change nothing. */
const wordCount = (lines) =>
  lines
    .flatMap((line) => line.split(' ', undefined))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
const wordCountKernels = (lines) => lines.flatMap(split(' ')).countByValue()
const grepWritten = (lines) => lines.filter(withEnv({ GREP_WORD }, (line) => line.includes(GREP_WORD))).count()
const grep = (lines) => lines.filter(withEnv({ GREP_WORD }, (line) => line.includes(GREP_WORD, 0))).count()
const grepKernel = (lines) => lines.filter(includes(GREP_WORD)).count()

/** Twelve digits, of which both sorts compare the first few. */
const numberLine = (next) => String(Math.floor(next() * 1e12)).padStart(12, '0')
const sortedLines = (lines) => lines.transform((batch) => batch.sortBy((line) => line)).count()
/** No thread recognises that this is the line itself. */
const sortedStrings = (lines) => lines.transform((batch) => batch.sortBy((line) => `${line}`)).count()

const USERS = 20_000
const REGIONS = 50
const orderLine = (next) => `u${Math.floor(next() * USERS)},${Math.floor(next() * 1000)}`
const usersOf = (ssc) =>
  ssc.context
    .parallelize(Array.from({ length: USERS }, (_, i) => [`u${i}`, `r${i % REGIONS}`]))
    .partitionBy(2)
    .persist()
const ordersByRegion = (lines, ssc) => {
  const users = usersOf(ssc)
  return lines
    .map((line) => {
      const [user, amount] = line.split(',')
      return [user, Number(amount)]
    })
    .transform((orders) => orders.join(users))
    .map(([, [amount, region]]) => [region, amount])
    .reduceByKey((a, b) => a + b)
}
/** No kernel reads these functions, and functions get the joined records. */
const recordsByRegion = (lines, ssc) => {
  const users = usersOf(ssc)
  return lines
    .map((line) => {
      const [user, amount] = line.split(',', 2)
      return [user, Number(amount)]
    })
    .transform((orders) => orders.join(users))
    .map(([, both]) => [both.at(1), both.at(0)])
    .reduceByKey((a, b) => a + b)
}

export const RATIOS = [
  {
    name: 'word count: closures / loop',
    by: 'cpuMs',
    margin: 2,
    open: () => besideLoop(wordCount, (bytes) => [...plainWordCount(bytes)], WORD_COUNT_BYTES),
  },
  {
    name: 'word count: kernels / closures',
    by: 'cpuMs',
    // A lost kernel costs 5 times as much; cold compilers on a busy machine cost up to twice.
    margin: 3,
    open: () => besideEachOther(wordCountKernels, wordCount, WORD_COUNT_BYTES),
  },
  {
    name: 'grep: closure / loop',
    by: 'cpuMs',
    margin: 2,
    open: () => besideLoop(grep, (bytes) => [plainGrep(bytes, GREP_WORD)], GREP_BYTES),
  },
  {
    name: 'grep: kernel / closure',
    by: 'cpuMs',
    margin: 2.2,
    open: () => besideEachOther(grepKernel, grep, GREP_BYTES),
  },
  { name: 'JSON summed by a field: kernels / closures', by: 'cpuMs', margin: 2.5, open: () => jsonSums('kernels') },
  {
    name: 'word count: closures by kernels / functions',
    by: 'cpuMs',
    margin: 3,
    open: () => besideEachOther(wordCountWritten, wordCount, WORD_COUNT_BYTES),
  },
  {
    name: 'grep: closure by kernel / function',
    by: 'cpuMs',
    margin: 2.2,
    open: () => besideEachOther(grepWritten, grep, GREP_BYTES),
  },
  { name: 'JSON: closures by kernels / functions', by: 'cpuMs', margin: 2.5, open: () => jsonSums('written') },
  {
    name: 'filter by fields: closure by kernel / function',
    by: 'cpuMs',
    margin: 2.5,
    open: () => overFields(FIELD_FILTER),
  },
  {
    name: 'computed fields: closures by kernels / functions',
    by: 'cpuMs',
    margin: 2.5,
    open: () => overFields(COMPUTED_SUMS),
  },
  {
    name: 'objects of JSON: closures by kernels / functions',
    by: 'cpuMs',
    margin: 2.5,
    open: () => overJson(OBJECT_SUMS),
  },
  {
    name: 'JSON for any function: kernels / JSON.parse',
    by: 'cpuMs',
    margin: 2.2,
    open: () => overJson(OBJECTS),
  },
  {
    name: 'JSON that a filter refuses: kernels / JSON.parse',
    by: 'cpuMs',
    margin: 2.2,
    open: () => overJson(REFUSED_OBJECTS),
  },
  // Objects of several shapes that msgpack packs, instead of columns, take 1.9 times as long.
  { name: 'codec of events of three kinds / JSON', by: 'cpuMs', margin: 1.6, open: eventCodec },
  {
    name: 'sorted lines: bytes / strings',
    by: 'cpuMs',
    // Lines that are decoded cost four times as much.
    margin: 2.2,
    open: async () =>
      overTheSame(
        textOf(SORT_BYTES, numberLine),
        await measured('bytes', sortedLines),
        await measured('strings', sortedStrings),
      ),
  },
  {
    name: 'joined orders: columns / records',
    by: 'cpuMs',
    // An index of the dataset for each batch, and lists of joined rows, cost 1.6 times as much; records twice.
    margin: 1.7,
    open: async () =>
      overTheSame(
        textOf(JOIN_BYTES, orderLine),
        await measured('columns', ordersByRegion),
        await measured('records', recordsByRegion),
      ),
  },
  { name: 'empty batch / round trip to a thread', by: 'ms', margin: 2.2, open: emptyBatch },
  { name: 'mapWithState, 100,000 keys / Map', by: 'cpuMs', margin: 2, open: keyedState },
  { name: 'window of 60 batches / of 10, inverse', by: 'cpuMs', margin: 1.7, open: windows },
  { name: '2 threads / 1 thread', by: 'ms', margin: 2, needsIdle: true, open: oneThreadMore },
]

async function besideLoop(define, loop, size) {
  const bytes = linesBuffer(size)
  const ours = await measured('millrace', define)
  return {
    first: { name: ours.name, run: () => ours.run(bytes) },
    second: { name: 'loop', run: () => ({ result: loop(bytes) }) },
    normal: sortedPairs,
    close: ours.close,
  }
}

const besideEachOther = async (first, second, size) =>
  overTheSame(linesBuffer(size), await measured('first', first), await measured('second', second))

const jsonSums = (by) => overJson({ written: JSON_SUMS[by], functions: JSON_SUMS.functions })

async function overJson({ written, functions }) {
  const [first, second] = [await measured('written', written), await measured('functions', functions)]
  return overTheSame(textOf(JSON_BYTES, requestLine), first, second)
}

async function overFields({ written, functions }) {
  const [first, second] = [await measured('written', written), await measured('functions', functions)]
  return overTheSame(textOf(FIELDS_BYTES, fieldLine), first, second)
}

async function oneThreadMore() {
  const [two, one] = [await measured('2 threads', wordCount), await measured('1 thread', wordCount, 1)]
  return overTheSame(linesBuffer(WORD_COUNT_BYTES), two, one)
}

function overTheSame(bytes, first, second) {
  const contender = ({ name, run }) => ({ name, run: () => run(bytes) })
  const close = () => Promise.all([first.close(), second.close()])
  return { first: contender(first), second: contender(second), normal: sortedPairs, close }
}
