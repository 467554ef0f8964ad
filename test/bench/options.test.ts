import { describe, expect, it } from 'vitest'
import { parseBytes, parseOptions, UsageError } from '../../bench/options.mjs'

describe('the command line', () => {
  it('names benchmarks and says how to run them', () => {
    expect(parseOptions(['grep', '--threads', '3', '--size', '2KiB', 'micro', '--runs', '7', '--json'])).toMatchObject({
      benches: ['grep', 'micro'],
      threads: 3,
      bytes: 2048,
      runs: 7,
      json: true,
    })
  })

  it.each([
    ['1B', 1],
    ['3KiB', 3072],
    ['64MiB', 67_108_864],
    ['1GiB', 1_073_741_824],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes)
  })

  it.each([
    [[], /No benchmark is named. Choose of wordcount, grep, latency, host, micro/],
    [['sort'], /no benchmark named 'sort'/],
    [['grep', '--size', '64'], /--size is '64'; it must be a number with a unit/],
    [['grep', '--size', '0MiB'], /--size is '0MiB'/],
    [['grep', '--runs', '0'], /--runs is '0'; it must be a whole number of at least 1/],
    [['grep', '--threads', '1.5'], /--threads is '1.5'/],
    [['grep', '--thread', '1'], /Unknown option '--thread'/],
  ])('%j is refused, with the usage', (words, message) => {
    expect(() => parseOptions(words)).toThrow(UsageError)
    expect(() => parseOptions(words)).toThrow(message)
    expect(() => parseOptions(words)).toThrow(/usage: npm run bench/)
  })
})
