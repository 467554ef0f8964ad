import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bytes, count, dateAndMoment, duration, moment, uptime } from '../../src/ui/page/format.js'

const SECOND = 1000
const DAY = 86_400 * SECOND

test.each([
  [0.0002, '1 µs'],
  [0.0204, '20 µs'],
  [0.25, '0.3 ms'],
  [900, '900 ms'],
  [SECOND, '1 s'],
  [1500, '1.5 s'],
  [60 * SECOND, '1 min'],
  [3600 * SECOND, '1 h'],
  [DAY, '1 day'],
  [1.5 * DAY, '1.5 days'],
  [undefined, '–'],
  [Number.NaN, '–'],
])('U7: a duration of %s ms is %s', (ms, text) => expect(duration(ms)).toBe(text))

test('times since a start, numbers and bytes', () => {
  expect([uptime(5 * SECOND), uptime(3 * DAY + 61 * SECOND)]).toEqual(['00:00:05', '3 d 00:01:01'])
  expect([count(1_234_567), count(undefined)]).toEqual(['1,234,567', '–'])
  expect([bytes(1023), bytes(1536), bytes(2 ** 30)]).toEqual(['1023 B', '1.5 KiB', '1.0 GiB'])
})

describe('U7: moments', () => {
  const zone = process.env.TZ
  beforeAll(() => {
    process.env.TZ = 'America/Los_Angeles'
  })
  afterAll(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
  const time = 1_431_637_480_452

  test('have milliseconds only if batches are shorter than a second', () => {
    expect([moment(time, 1000), moment(time, 999)]).toEqual(['14:04:40', '14:04:40.452'])
    const dates = [dateAndMoment(time, 1000), dateAndMoment(time, 999)]
    expect(dates).toEqual(['2015-05-14 14:04:40', '2015-05-14 14:04:40.452'])
  })
})
