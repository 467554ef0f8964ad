import { describe, expect, it } from 'vitest'
import { Delays, medians } from '../../bench/delays.mjs'
import { nowMicros } from '../../bench/lines-sent.mjs'

describe('delays', () => {
  it('of a batch are its waiting and its work, in ms; batches before the beginning are left out', () => {
    const delays = new Delays(1_000_000)
    delays.batch(990_000, 990_000, 999_999)
    delays.batch(1_000_000, 1_002_000, 1_009_000)
    delays.batch(1_010_000, 1_011_000, 1_014_000)
    expect(delays.summary()).toMatchObject({
      batches: 2,
      scheduling: { p50: 1, p99: 2 },
      processing: { p50: 3, p99: 7 },
    })
  })

  it('from creation to output are those of the moments among the words, once for every line', () => {
    const now = nowMicros()
    const delays = new Delays(now - 60_000_000)
    delays.output([
      ['word', 5],
      [`@${now - 40_000_000}`, 99],
      [`@${now - 50_000_000}`, 1],
    ])
    const { lines, arrivalToOutput } = delays.summary()
    expect(lines).toBe(100)
    expect(Math.round(arrivalToOutput.p50 / 1000)).toBe(40)
    expect(Math.round(arrivalToOutput.p99 / 1000)).toBe(40)
    delays.output([[`@${now - 50_000_000}`, 1]])
    expect(Math.round(delays.summary().arrivalToOutput.p99 / 1000)).toBe(50)
  })

  it('count from the beginning on: a backlog that is worked off later is part of it', () => {
    const early = new Delays(nowMicros() + 60_000_000)
    early.output([['@1', 1]])
    expect(early.summary().lines).toBe(0)
    const late = new Delays(nowMicros())
    late.output([[`@${nowMicros() - 90_000_000}`, 3]])
    expect(late.summary().lines).toBe(3)
  })

  it('are known once there is one of a batch and one of a line', async () => {
    let known = false
    const delays = new Delays(nowMicros() - 1000)
    void delays.known.then(() => {
      known = true
    })
    delays.batch(nowMicros(), nowMicros(), nowMicros())
    delays.output([['word', 1]])
    await Promise.resolve()
    expect(known).toBe(false)
    delays.output([[`@${nowMicros()}`, 1]])
    await delays.known
  })

  it('of several runs are the medians of theirs', () => {
    const run = (p50: number) => ({
      batches: p50,
      lines: p50 * 2,
      processing: { p50, p99: p50 + 1 },
      scheduling: { p50, p99: p50 + 1 },
      arrivalToOutput: { p50, p99: p50 + 1 },
    })
    expect(medians([run(9), run(1), run(5)])).toEqual(run(5))
  })
})
