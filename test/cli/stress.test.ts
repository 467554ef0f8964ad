import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseCommand } from '#build/cli/arguments.js'
import { ArgumentError } from '#build/errors.js'
import { millrace } from './command.js'

const SHORT = ['--duration', '2s', '--rate', '5000', '--threads', '2', '--json']

/** Runs the command and reads its reports; a failed run shows what it said. */
async function stress(...args: string[]) {
  const command = millrace('stress', ...SHORT, ...args)
  const { code } = await command.ended
  return { code, reports: command.objects(), said: command.stdout + command.stderr }
}

describe('every pipeline equals its oracle', () => {
  test('while threads are killed', async () => {
    const { code, reports, said } = await stress('--pipeline', 'all', '--seed', '1', '--kills-per-second', '4')
    expect(code, said).toBe(0)
    expect(reports.map(({ pipeline }) => pipeline)).toEqual([
      'wordcount',
      'windows',
      'state',
      'join',
      'in-place',
      'unordered',
    ])
    for (const report of reports) {
      expect(report, said).toMatchObject({ batches: 30, batchesDue: 30, wrongBatches: 0, passed: true })
      expect(report, said).toMatchObject({ lostRecords: 0, duplicatedRecords: 0, seed: 1, threads: 2 })
      expect(report.records).toBeGreaterThan(2000)
      expect(report.kills).toBeGreaterThan(0)
      expect((report.threadsLost as { terminated: number }).terminated).toBeGreaterThan(0)
      expect(report.recoveryMs).toMatchObject({
        p50: expect.any(Number),
        p99: expect.any(Number),
        max: expect.any(Number),
      })
    }
  })

  test.each([
    ['two', 'windows', 'terminated'],
    ['all', 'state', 'terminated'],
    ['boot', 'join', 'terminated'],
    ['spin', 'wordcount', 'timeout'],
    ['exit', 'windows', 'exit'],
  ])('mode %s, pipeline %s', async (mode, pipeline, reason) => {
    const { code, reports, said } = await stress(
      '--mode',
      mode,
      '--pipeline',
      pipeline,
      '--seed',
      '7',
      '--kills-per-second',
      '4',
    )
    expect(code, said).toBe(0)
    expect(reports[0]).toMatchObject({ mode, pipeline, batches: 30, wrongBatches: 0, passed: true })
    expect(reports[0]!.kills).toBeGreaterThan(0)
    expect((reports[0]!.threadsLost as Record<string, number>)[reason]).toBeGreaterThan(0)
  })

  test('mode throw: tasks are tried again in threads that live', async () => {
    const { code, reports, said } = await stress(
      '--mode',
      'throw',
      '--pipeline',
      'state',
      '--seed',
      '7',
      '--kills-per-second',
      '6',
    )
    expect(code, said).toBe(0)
    expect(reports[0]).toMatchObject({ threadsKilled: 0, threadsLost: {}, wrongBatches: 0, passed: true })
    expect(reports[0]!.kills).toBeGreaterThan(0)
    expect(reports[0]!.tasksRetried).toBe(reports[0]!.kills)
  })

  test('mode oom: a thread ends alone, or the process is aborted and that is no pass', {
    timeout: 600_000,
  }, async () => {
    const { code, reports, said } = await stress(
      '--mode',
      'oom',
      '--pipeline',
      'wordcount',
      '--seed',
      '7',
      '--kills-per-second',
      '4',
    )
    const [report] = reports
    if ('aborted' in report!) expect({ code, passed: report.passed }, said).toEqual({ code: 1, passed: false })
    else {
      expect(code, said).toBe(0)
      expect(report, said).toMatchObject({ wrongBatches: 0, passed: true })
      expect((report!.threadsLost as Record<string, number>)['out-of-memory']).toBeGreaterThan(0)
    }
  })
})

test('without kills nothing is lost, and the report is a text', async () => {
  const command = millrace(
    'stress',
    '--pipeline',
    'state',
    '--duration',
    '1s',
    '--kills-per-second',
    '0',
    '--threads',
    '1',
  )
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  expect(command.stdout).toMatch(
    /^stress state: mode=one seed=\d+ threads=1, a batch every 100 ms, 10,000 records a second\n/,
  )
  expect(command.stdout).toMatch(/\n {2}threads lost +0\n/)
  expect(command.stdout).toMatch(/\n {2}recovery +none\n/)
  expect(command.stdout).toMatch(/\n {2}passed\n$/)
  expect(command.stderr).toMatch(/^millrace: stress state: mode=one seed=\d+/)
})

test('--report draws batch times, kills by mode, recoveries and figures into one page', {
  timeout: 600_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-stress-'))
  try {
    const file = join(folder, 'out.html')
    const args = [
      '--pipeline',
      'wordcount',
      '--mode',
      'two',
      '--seed',
      '7',
      '--kills-per-second',
      '6',
      '--report',
      file,
    ]
    const { code, reports, said } = await stress(...args)
    expect(code, said).toBe(0)
    const [report] = reports
    const page = await readFile(file, 'utf8')
    expect(page).toMatch(/^<!doctype html>/)
    expect(page, 'nothing is loaded from elsewhere').not.toMatch(/<script|<link|https?:|url\(|@import/)
    const [batchTimes, recoveries] = page.match(/<svg.*?<\/svg>/gs)!
    // Ten batches to warm up are not drawn.
    expect(batchTimes!.match(/class="batches" d="(.*?)"/)![1]!.match(/[ML]/g)).toHaveLength(
      (report!.batches as number) - 10,
    )
    expect(batchTimes!.match(/<line class="kill two"/g)).toHaveLength(report!.kills as number)
    expect(recoveries!.match(/<circle class="recovery two"/g)).toHaveLength(report!.kills as number)
    expect(page).toContain('<tr><th>wrong batches</th><td>0</td></tr>')
    expect(page).toContain(`<tr><th>recovery</th><td>p50 ${(report!.recoveryMs as { p50: number }).p50.toFixed(1)} ms`)
    expect(page).toContain('<p>passed</p>')
    expect(report, 'the points of the drawing are no figures').not.toHaveProperty('timeline')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the setup of the engine is part of what repeats a run', async () => {
  const setup = ['--replicas', '3', '--replication', 'copy', '--memory-limit', '64', '--snapshot-interval', '5']
  const { code, reports, said } = await stress('--pipeline', 'state', '--seed', '5', '--speculation', ...setup)
  expect(code, said).toBe(0)
  expect(reports[0]).toMatchObject({ replicas: 3, replication: 'copy', speculation: true, memoryLimit: 64 })
  expect(said).toContain('; --replicas 3 --replication copy --speculation --memory-limit 64 --snapshot-interval 5\n')
})

describe('a long run', () => {
  const long = (...args: string[]) => millrace('stress', '--seed', '3', '--duration', '1s', ...args)

  test('goes over all pipelines and modes until the kills are done, and adds up', async () => {
    const command = long('--kills', '8', '--mode', 'one', '--json')
    expect(await command.ended, command.stderr).toMatchObject({ code: 0 })
    const objects = command.objects()
    const total = objects.pop()! as { kills: number; tallies: Record<string, unknown>[] }
    expect(total).toMatchObject({ wanted: 8, seed: 3, passed: true })
    expect(total.kills).toBeGreaterThanOrEqual(8)
    expect(total.kills).toBe(objects.reduce((sum, { kills }) => sum + (kills as number), 0))
    const inTurn = ['wordcount', 'windows', 'state', 'join', 'in-place', 'unordered']
    expect(objects.map(({ pipeline }) => pipeline)).toEqual(objects.map((_, i) => inTurn[i % inTurn.length]))
    expect(objects.map(({ seed }) => seed)).toEqual(objects.map((_, i) => 3 + i))
    for (const tally of total.tallies)
      expect(tally).toMatchObject({ mode: 'one', wrongBatches: 0, lostRecords: 0, failedRounds: 0 })
  })

  test('ends in time, and then as failed: the kills were not carried out', async () => {
    const command = long('--kills', '100000', '--within', '100ms')
    expect(await command.ended, command.stderr).toMatchObject({ code: 1 })
    expect(command.stdout).toMatch(/^ +rounds +batches +kills/)
    expect(command.stdout).toMatch(/\nwordcount one +1 /)
    expect(command.stdout).toMatch(/\n\d+ of 100,000 kills in \d+ s, seed 3: FAILED\n$/)
  })
})

test.each([
  [['--mode', 'three'], "--mode is 'three'; it must be one of one, two, all, boot, throw, spin, exit, oom."],
  [
    ['--pipeline', 'words'],
    "--pipeline is 'words'; it must be one of wordcount, windows, state, join, in-place, unordered, or all.",
  ],
  [['--kills-per-second', 'many'], "--kills-per-second is 'many'; it must be a number from 0 to 100"],
  [['--seed', '-1'], '--seed'],
  [['--rate', '0'], "--rate is '0'; it must be a whole number from 1"],
  [['--replicas', '4'], "--replicas is '4'; it must be a whole number from 1 to 3."],
  [['--replication', 'both'], "--replication is 'both'; it must be one of reference, copy."],
  [['--kills', '10', '--rate', '5'], '--rate does not go with --kills'],
  [['--kills', '10', '--kills-per-second', '0'], 'it must be a number from 0.1 to 100'],
  [['--within', '10s'], '--within limits a long run: add --kills.'],
  [['wordcount'], 'stress takes options only'],
  [['--sed', '1'], "Unknown option '--sed'"],
])('%j is refused', (args, message) => {
  expect(() => parseCommand(['stress', ...args])).toThrow(ArgumentError)
  expect(() => parseCommand(['stress', ...args])).toThrow(message)
})

test('a report that cannot be written is refused before anything runs', async () => {
  const command = millrace('stress', '--report', join('no', 'such', 'folder.html'))
  expect(await command.ended, command.stdout).toMatchObject({ code: 2 })
  expect(command.stderr).toContain('cannot be written (ENOENT')
  expect(command.stdout).toBe('')
})
