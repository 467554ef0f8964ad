import { describe, expect, test } from 'vitest'
import { millrace } from './command.js'

const SHORT = ['--duration', '2s', '--rate', '5000', '--threads', '2', '--json']

/** Runs the command and reads its reports; a failed run shows what it said. */
async function stress(...args: string[]) {
  const command = millrace('stress', ...SHORT, ...args)
  const { code } = await command.ended
  return { code, reports: command.objects(), said: command.stdout + command.stderr }
}

describe('every pipeline equals its oracle', () => {
  test('while threads are killed', { timeout: 60_000 }, async () => {
    const { code, reports, said } = await stress('--pipeline', 'all', '--seed', '1', '--kills-per-second', '4')
    expect(code, said).toBe(0)
    expect(reports.map(({ pipeline }) => pipeline)).toEqual(['wordcount', 'windows', 'state', 'join'])
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
  ])('mode %s, pipeline %s', { timeout: 60_000 }, async (mode, pipeline, reason) => {
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

  test('mode throw: tasks are tried again in threads that live', { timeout: 60_000 }, async () => {
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
    timeout: 60_000,
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

test('without kills nothing is lost, and the report is a text', { timeout: 60_000 }, async () => {
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

test.each([
  [['--mode', 'three'], "--mode is 'three'; it must be one of one, two, all, boot, throw, spin, exit, oom."],
  [['--pipeline', 'words'], "--pipeline is 'words'; it must be one of wordcount, windows, state, join, or all."],
  [['--kills-per-second', 'many'], "--kills-per-second is 'many'; it must be a number from 0 to 100"],
  [['--seed', '-1'], '--seed'],
  [['--rate', '0'], "--rate is '0'; it must be a whole number from 1"],
  [['wordcount'], 'stress takes options only'],
  [['--sed', '1'], "Unknown option '--sed'"],
])('%j: exit code 2', async (args, message) => {
  const command = millrace('stress', ...args)
  expect(await command.ended).toEqual({ code: 2, signal: null })
  expect(command.stderr).toContain(message)
  expect(command.stdout).toBe('')
})
