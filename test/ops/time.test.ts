import { describe, expect, test } from 'vitest'
import { ArgumentError } from '#build/errors.js'
import { formatMillis, toMillis } from '#build/ops/time.js'

describe('durations', () => {
  test.each([
    [1, 1],
    [1500, 1500],
    ['500ms', 500],
    ['1s', 1000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['10min', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    [' 3 s ', 3000],
    ['0.001s', 1],
  ])('%o is %i ms', (given, ms) => {
    expect(toMillis(given, 'It')).toBe(ms)
  })

  test.each([
    0,
    -1,
    0.5,
    Number.NaN,
    Infinity,
    '',
    '5',
    's',
    '-1s',
    '1 week',
    '1s 2s',
    '0s',
    '0.4ms',
    '1e3s',
    undefined,
    null,
    {},
  ])('%o is refused, with its name', (given) => {
    expect(() => toMillis(given as number, 'The window length')).toThrow(ArgumentError)
    expect(() => toMillis(given as number, 'The window length')).toThrow(/^The window length is /)
  })

  test.each([
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1500ms'],
    [90_000, '90s'],
    [120_000, '2m'],
    [3_600_000, '1h'],
    [172_800_000, '2d'],
  ])('%i ms are shown as %s, which reads back', (ms, text) => {
    expect(formatMillis(ms)).toBe(text)
    expect(toMillis(text, 'It')).toBe(ms)
  })
})
