import { describe, expect, test } from 'vitest'
import { OUTPUT_FAULT_POINTS } from '#build/pool/fault-points.js'
import { hasService } from '../services/service.js'
import { hiddenParts } from './file-formats.js'
import { differences } from './oracle.js'
import { INTERVAL_MS, lineOf, type Row } from './pipelines.js'
import { type Death, type RunOptions, runKills } from './run.js'
import { FORMATS, type SinkPlaces } from './writes.js'

const KILLS = 3
/** A process on a busy machine starts slowly. */
const TIMEOUT_MS = 300_000
/** SEED tries other moments; it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? 1)

type Source = RunOptions['source']
type Sink = RunOptions['sink']

describe(`processes that are killed, and the outputs of the process that follows (SEED=${seed})`, () => {
  const faults = async (source: Source, sink: Sink) => (await runKills({ source, sink, kills: KILLS, seed })).faults
  const check = async (source: Source, sink: Sink) => expect(await faults(source, sink)).toEqual([])

  test('files to files: every result once', () => check('files', 'files'), TIMEOUT_MS)
  test('pushes with a write-ahead log to sqlite: every result once', () => check('log', 'sqlite'), TIMEOUT_MS)
  test('files to sqlite: every result once', () => check('files', 'sqlite'), TIMEOUT_MS)
  test(
    'files to files of each format, killed with half of a file written and around commits: every result once',
    async () => {
      const halves = Object.keys(FORMATS).map((output): Death => ({ halfWritten: output }))
      const around = OUTPUT_FAULT_POINTS.map((point, i): Death => ({ fault: { point, nth: 2 * i + 1 } }))
      const deaths = [...halves, ...around]
      const half: string[] = []
      const { faults } = await runKills({
        source: 'files',
        sink: 'formats',
        kills: deaths.length,
        seed,
        deaths,
        onKill(nth, _, sinkPlace) {
          const { directory } = sinkPlace as SinkPlaces['formats']
          const { halfWritten } = deaths[nth - 1]!
          if (halfWritten && hiddenParts(directory, halfWritten).length > 0) half.push(halfWritten)
        },
      })
      expect(half).toEqual(Object.keys(FORMATS))
      expect(faults).toEqual([])
    },
    TIMEOUT_MS,
  )
  test.runIf(hasService('kafka'))('kafka to kafka: every result once', () => check('kafka', 'kafka'), TIMEOUT_MS)
  test.runIf(hasService('postgres'))(
    'files to postgres: every result once',
    () => check('files', 'postgres'),
    TIMEOUT_MS,
  )
})

describe('the oracle', () => {
  /** Two batches of one line each, and what the pipelines make of them. Lines 0 and 1 have different words. */
  const at = (n: number) => n * INTERVAL_MS
  const [first, second] = [lineOf(0).split(' ')[1]!, lineOf(1).split(' ')[1]!]
  const both = (output: string): Row[] => [
    { output, batch: at(1), key: first, value: 1 },
    { output, batch: at(2), key: first, value: 1 },
    { output, batch: at(2), key: second, value: 1 },
  ]
  const each = (output: string): Row[] => [
    { output, batch: at(1), key: first, value: 1 },
    { output, batch: at(2), key: second, value: 1 },
  ]
  const rows: Row[] = [
    { output: 'plain', batch: at(1), key: lineOf(0), value: 0 },
    { output: 'plain', batch: at(2), key: lineOf(1), value: 1 },
    ...[...each('counts'), ...each('running')],
    ...[...both('window'), ...both('inverse'), ...both('totals')],
    { output: 'events', batch: at(2), key: `0 ${first}`, value: 1 },
    { output: 'events', batch: at(2), key: `0 ${second}`, value: 1 },
  ]

  test('accepts what the pipelines make', () => {
    expect(differences(rows, 2)).toEqual([])
  })

  test.each(rows.map((row, i) => [`${row.output} ${row.key} at ${row.batch}`, i] as const))(
    'finds a result that is missing, doubled, wrong, or in another batch: %s',
    (_, i) => {
      const row = rows[i]!
      const without = rows.filter((each) => each !== row)
      expect(differences([...rows, row], 2)).not.toEqual([])
      expect(differences([...without, { ...row, value: row.value + 1 }], 2)).not.toEqual([])
      expect(differences(without, 2)).not.toEqual([])
      const moved = differences([...without, { ...row, batch: at(3) }], 2)
      // A line may be in any batch, but the other outputs must agree; an event window may come in any batch.
      if (row.output !== 'events') expect(moved).not.toEqual([])
    },
  )
})
