import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { linesFile, makeLines } from '../../bench/data.mjs'
import { zipfLines } from '../../bench/words.mjs'

const MIB = 2 ** 20

describe('the lines of the benchmarks', () => {
  it('are the same bytes on every machine and in every version, so that figures compare', () => {
    const lines = makeLines(MIB)
    expect(lines.length).toBe(1_048_665)
    expect(createHash('sha256').update(lines).digest('hex')).toBe(
      '4d5d3ac1b7e111ba0a3e7cd8ac01ea8bcda4188e2fcd62e0dcccc0e73b5441e0',
    )
  })

  it('are about 100 bytes long and end with a newline', () => {
    const lines = makeLines(MIB).toString('latin1').split('\n')
    expect(lines.pop()).toBe('')
    for (const line of lines) expect(line).toMatch(/^[ -~]{96,116}$/)
  })

  it('have words by the law of Zipf: the second most frequent occurs half as often as the first', () => {
    const counts = new Map<string, number>()
    for (const word of makeLines(4 * MIB)
      .toString('latin1')
      .split(/\s/))
      counts.set(word, (counts.get(word) ?? 0) + 1)
    const [first, second, , fourth] = [...counts.values()].sort((a, b) => b - a) as [number, number, number, number]
    expect(first / second).toBeCloseTo(2, 0)
    expect(first / fourth).toBeCloseTo(4, 0)
  })

  it('differ by seed', () => {
    expect(zipfLines({ seed: 2 }).next().value).not.toBe(zipfLines({ seed: 1 }).next().value)
  })

  it('are written to a file once, the same bytes as in memory', () => {
    const path = linesFile(MIB)
    expect(readFileSync(path).equals(makeLines(MIB))).toBe(true)
    const { ino, mtimeMs } = statSync(path)
    expect(linesFile(MIB)).toBe(path)
    expect(statSync(path)).toMatchObject({ ino, mtimeMs })
  })
})
