import { describe, expect, test } from 'vitest'
import type { BenchRun } from '#build/cli/bench/measure.js'
import { benchRows, benchText } from '#build/cli/bench/report.js'
import { millrace } from './command.js'

test('runs each number of threads in turn, and shows what they process', async () => {
  const command = millrace(
    ...[
      'bench',
      'queue.mjs',
      '--threads',
      '1,2',
      '--rounds',
      '2',
      '--until',
      'caught-up',
      '--batch-interval',
      '50ms',
      '--json',
    ],
  )
  expect(await command.ended).toEqual({ code: 0, signal: null })
  expect(command.stderr.trimEnd().split('\n')).toEqual([
    'millrace: round 1 of 2, 1 thread',
    'millrace: round 1 of 2, 2 threads',
    'millrace: round 2 of 2, 1 thread',
    'millrace: round 2 of 2, 2 threads',
  ])
  // Two batches with three records in each round.
  expect(command.objects()).toMatchObject([
    { threads: 1, batches: 4, records: 6 },
    { threads: 2, batches: 4, records: 6 },
  ])
})

test('drops what the pipeline prints, ends a run after its duration, and writes a table', async () => {
  const options = ['--threads', '1', '--rounds', '1', '--duration', '1s', '--batch-interval', '50ms']
  const command = millrace('bench', 'words.mjs', ...options)
  expect(await command.ended).toEqual({ code: 0, signal: null })
  expect(command.stdout).toMatch(/^threads {2}batches {2}records .*\n1 .*(yes|no)\n$/)
})

test.each([
  ['a batch that fails', ['fails.mjs', '--duration', '5s'], 1, 'three is too much'],
  ['a pipeline without an output', ['no-output.mjs'], 2, 'No output operations are registered'],
  ['a module that is not there', ['nowhere.mjs'], 2, "There is no module file 'nowhere.mjs'"],
  ['no threads', ['queue.mjs', '--threads', '1,0'], 2, "--threads is '0'"],
  ['an unknown end', ['queue.mjs', '--until', 'tea'], 2, '--until is'],
  ['two modules', ['queue.mjs', 'words.mjs'], 2, 'takes one module and got 2'],
  ['a misspelt option', ['queue.mjs', '--round', '1'], 2, 'Did you mean --rounds?'],
])('%s ends it with an exit code and a message', async (_, args, code, message) => {
  const command = millrace('bench', ...args)
  expect(await command.ended).toEqual({ code, signal: null })
  expect(command.stderr).toContain(message)
  expect(command.stdout).toBe('')
})

describe('the table', () => {
  const run = (threads: number, records: number, ms: number, lastWait = 0): BenchRun => ({
    threads,
    batches: 10,
    records,
    busy: 10 * ms,
    processing: Array.from({ length: 10 }, () => ms),
    total: Array.from({ length: 10 }, () => ms + lastWait),
    lastWait,
  })

  test('has the medians of the rounds, and ratios to the first row', () => {
    const runs = [
      run(1, 1000, 50),
      run(2, 1000, 20),
      run(1, 1000, 25),
      run(2, 1000, 25),
      run(1, 1000, 40),
      run(2, 1000, 10),
    ]
    const rows = benchRows(runs, 100)
    expect(rows).toEqual([
      {
        threads: 1,
        batches: 30,
        records: 3000,
        capacity: 2500,
        capacityRange: [2000, 4000],
        processingP50: 40,
        processingP99: 40,
        totalP99: 40,
        load: 0.4,
        keepsUp: true,
      },
      {
        threads: 2,
        batches: 30,
        records: 3000,
        capacity: 5000,
        capacityRange: [4000, 10_000],
        processingP50: 20,
        processingP99: 20,
        totalP99: 20,
        load: 0.2,
        keepsUp: true,
      },
    ])
    expect(benchText(rows).split('\n')[2]).toMatch(
      /^2 +30 +3,000 +5,000 +4,000-10,000 +2\.00 +20 ms +20 ms +20 ms +20 % +yes$/,
    )
  })

  test('says that a stream does not keep up if its batches take longer than the interval, or wait for longer', () => {
    expect(benchRows([run(1, 10, 101)], 100)[0]).toMatchObject({ load: 1.01, keepsUp: false })
    expect(benchRows([run(1, 10, 90, 300)], 100)[0]).toMatchObject({ load: 0.9, keepsUp: false })
    expect(benchRows([run(1, 10, 90, 20)], 100)[0]).toMatchObject({ keepsUp: true })
  })

  test('has no capacity without records', () => {
    const none: BenchRun = { threads: 1, batches: 0, records: 0, busy: 0, processing: [], total: [], lastWait: 0 }
    const rows = benchRows([none], 100)
    expect(rows).toMatchObject([{ capacity: undefined, processingP50: 0, load: 0 }])
    expect(benchText(rows)).toContain('-  ')
  })
})
