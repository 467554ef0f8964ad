import { ArgumentError, type BaseStream, type DStream, StreamingContext } from 'millrace'
import { ManualClock } from 'millrace/testing'
import { afterAll, describe, expect, test } from 'vitest'

type Pair = [string, number]

describe('lengths that are refused', () => {
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, clock: new ManualClock() })
  afterAll(() => ssc.stop())
  const pairs: DStream<Pair> = ssc.queueStream<Pair>([])
  const made: Record<string, (length: number | string, slide?: number | string) => BaseStream<unknown>> = {
    window: (length, slide) => pairs.window(length, slide),
    countByWindow: (length, slide) => pairs.countByWindow(length, slide),
    countByValueAndWindow: (length, slide) => pairs.countByValueAndWindow(length, slide),
    reduceByWindow: (length, slide) => pairs.reduceByWindow((a) => a, length, slide),
    groupByKeyAndWindow: (length, slide) => pairs.groupByKeyAndWindow(length, slide),
    reduceByKeyAndWindow: (length, slide) => pairs.reduceByKeyAndWindow((a) => a, length, slide),
    'reduceByKeyAndWindow with an inverse': (length, slide) =>
      pairs.reduceByKeyAndWindow((a) => a, length, slide, { inverse: (a) => a }),
  }
  describe.each(Object.entries(made))('%s', (_, make) => {
    test.each([
      [1500, undefined, /window length is 1500ms; it must be a multiple .* 1s/],
      [0, undefined, /window length is 0/],
      [-1000, undefined, /window length/],
      [2000.5, undefined, /window length/],
      ['2 weeks', undefined, /window length is "2 weeks"/],
      [2000, 500, /window slide is 500ms/],
      [2000, 1001, /window slide/],
      [2000, 0, /window slide/],
    ])('length %s, slide %s', (length, slide, message) => {
      expect(() => make(length, slide)).toThrow(ArgumentError)
      expect(() => make(length, slide)).toThrow(message)
    })
    test('multiples of the slide of the stream that is read', () => {
      const slow = pairs.window('2s', '2s')
      expect(() => slow.window('3s')).toThrow(/multiple of the slide of the stream it reads, 2s/)
      expect(() => slow.window('4s', '3s')).toThrow(/The window slide is 3s/)
      expect(slow.window('4s').slideDuration).toBe(2000)
    })
  })
})
