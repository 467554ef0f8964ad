import { describe, expect, test, vi } from 'vitest'
import { parseCommand } from '#build/cli/arguments.js'
import { STRESS_HELP } from '#build/cli/help.js'
import { STRESS_OPTIONS } from '#build/cli/stress/arguments.js'
import { entries, lines } from '#build/cli/stress/data.js'
import { Measures } from '#build/cli/stress/measures.js'
import { abortedAsText, asJson, asText, passed } from '#build/cli/stress/report.js'
import { killsDuring } from '#build/cli/stress/schedule.js'
import { USUAL_SETUP } from '#build/cli/stress/setup.js'
import { Watchdog } from '#build/cli/stress/watchdog.js'
import { GOOD } from './fixtures.js'

describe('everything follows from the seed', () => {
  const spec = { seed: 5, mean: 50 }
  test('the data of a batch, whatever was drawn before', () => {
    const late = entries(spec, 9)
    entries(spec, 3)
    lines(spec, 9)
    expect(entries(spec, 9)).toEqual(late)
    expect(entries({ ...spec, seed: 6 }, 9)).not.toEqual(late)
    expect(entries(spec, 9, 'right')).not.toEqual(late)
  })
  test('serial numbers are never used twice', () => {
    const all = Array.from({ length: 40 }, (_, batch) => [
      ...entries(spec, batch),
      ...entries(spec, batch, 'right'),
    ]).flat()
    expect(new Set(all.map(([serial]) => serial)).size).toBe(all.length)
    expect(all.length).toBeGreaterThan(1000)
  })
  test('the kills, as many as asked for on average', () => {
    const kills = Array.from({ length: 2000 }, (_, batch) => killsDuring(5, batch, 2.5, 100))
    expect(kills.flat().length).toBeGreaterThan(430)
    expect(kills.flat().length).toBeLessThan(570)
    expect(kills.flat().every(({ offset, pick }) => offset >= 0 && offset < 100 && pick >= 0 && pick < 1)).toBe(true)
    expect(killsDuring(5, 17, 30, 100)).toEqual(killsDuring(5, 17, 30, 100))
    expect(killsDuring(5, 17, 30, 100)).not.toEqual(killsDuring(6, 17, 30, 100))
    expect(killsDuring(5, 17, 30, 100)).toHaveLength(3)
  })
})

describe('figures', () => {
  test('recovery runs from the kill, or from when the delayed batch was due', () => {
    const now = vi.spyOn(performance, 'now')
    const measures = new Measures((batch) => batch * 100)
    const completed = (batch: number, at: number) => {
      now.mockReturnValueOnce(at)
      measures.completed(batch)
    }
    completed(1, 110)
    measures.killed({ mode: 'one', at: 150, threads: 1 })
    completed(2, 230)
    measures.killed({ mode: 'one', at: 310, threads: 1 })
    completed(3, 370)
    completed(4, 420)
    now.mockRestore()
    expect(measures.recoveryMs).toEqual({ p50: 30, p99: 60, max: 60 })
    // Busy for 10, 30, 70 and 20 ms.
    expect(measures.phase(1, 4, () => 13)).toEqual({ latencyMs: { p50: 20, p99: 70, max: 70 }, throughput: 400 })
    expect(measures.phase(5, 9, () => 13)).toEqual({ latencyMs: undefined, throughput: undefined })
  })
  test('the watchdog bites when nothing was heard for too long', async () => {
    vi.useFakeTimers()
    const watchdog = new Watchdog(1000)
    const bitten = expect(watchdog.starved).rejects.toThrow('No batch was completed for 1 s')
    vi.advanceTimersByTime(900)
    watchdog.alive()
    vi.advanceTimersByTime(900)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(100)
    vi.useRealTimers()
    await bitten
  })
})

describe('the report', () => {
  test('of a good run', () => {
    expect(passed(GOOD)).toBe(true)
    expect(asText(GOOD)).toMatch(/\n {2}passed$/)
    expect(asText(GOOD)).not.toContain('repeat with')
    expect(JSON.parse(asJson(GOOD))).toMatchObject({ seed: 42, passed: true })
  })
  test.each([
    { wrongBatches: 1 },
    { lostRecords: 1 },
    { duplicatedRecords: 1 },
    { batches: 39 },
    { failure: 'No batch was completed for 30 s.' },
  ])('%j is a failure that says how to repeat it', (fault) => {
    const report = { ...GOOD, ...fault }
    expect(passed(report)).toBe(false)
    expect(asText(report)).toContain('millrace stress --pipeline wordcount --mode one --seed 42 --threads 2')
    expect(asText(report)).toMatch(/\n {2}FAILED$/)
  })
  test('shows the first difference', () => {
    const firstDifference = { batch: 17, output: 'counts', key: 'k3', expected: ['["k3",4]'], got: [] }
    const text = asText({ ...GOOD, wrongBatches: 3, firstDifference })
    expect(text).toContain(
      'first difference in batch 17, output counts, key k3:\n    expected  ["k3",4]\n    got       (nothing)',
    )
  })
  test('an abort is no pass', () => {
    expect(abortedAsText(GOOD, 'the process ended by SIGABRT')).toMatch(/seed 42[\s\S]*SIGABRT\n {2}FAILED$/)
  })
  test('what repeats a run is understood', () => {
    const again = /repeat with {2}millrace (.*)/.exec(abortedAsText(GOOD, ''))![1]!.split(' ')
    const { pipeline, mode, seed, threads, rate, batchInterval, duration, killsPerSecond } = GOOD
    expect(parseCommand(again)).toMatchObject({
      kind: 'stress',
      json: false,
      pipelines: [pipeline],
      ...{ mode, seed, threads, rate, batchInterval, duration, killsPerSecond },
      ...USUAL_SETUP,
    })
  })
})

test('the help names every option', () => {
  expect(parseCommand(['stress', '--help'])).toEqual({ kind: 'help', text: STRESS_HELP })
  for (const name of Object.keys(STRESS_OPTIONS)) expect(STRESS_HELP).toContain(`--${name}`)
})
