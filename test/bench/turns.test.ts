import { expect, it } from 'vitest'
import { ContenderFailed } from '../../bench/compare/contender.mjs'
import { parseCompare } from '../../bench/compare/options.mjs'
import { iterationsFor, rotated, runRounds, warmUp } from '../../bench/compare/turns.mjs'

it('moves the order on by one each round', () => {
  expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc'])
  expect(rotated([], 2)).toEqual([])
})

it('gives a turn about as many iterations as fit', () => {
  expect([0, 10, 300, 5000].map((ms) => iterationsFor(ms, 1000))).toEqual([50, 50, 3, 1])
})

it('lets everyone have a turn each round; one that fails is out, with its reason', async () => {
  const entries = ['a', 'b', 'c'].map((id) => ({
    id,
    turns: [] as unknown[],
    failure: undefined as string | undefined,
  }))
  const order: string[] = []
  const work = async ({ id }: { id: string }) => {
    order.push(id)
    if (id === 'b') throw new ContenderFailed('b fell over')
    return { ms: [1] }
  }
  await runRounds(entries, { rounds: 3, work, log: () => {} })
  expect(order.join('')).toBe('abccaca')
  expect(entries.map(({ turns, failure }) => [turns.length, failure])).toEqual([
    [3, undefined],
    [0, 'b fell over'],
    [3, undefined],
  ])
})

it('does not hide a mistake of its own', async () => {
  const work = async () => {
    throw new TypeError('not a contender')
  }
  await expect(runRounds([{ id: 'a' }], { rounds: 1, work, log: () => {} })).rejects.toThrow('not a contender')
})

it('warms up by as many iterations as asked, the first one alone', async () => {
  const asked: number[] = []
  const turn = async (n: number) => {
    asked.push(n)
    return { ms: Array(n).fill(asked.length === 1 ? 900 : 100), answer: {} }
  }
  const warm = await warmUp({ turn, ageMs: 1234 }, { iterations: 20, seconds: 0 }, 1000)
  expect(asked.reduce((a, b) => a + b)).toBe(20)
  expect(asked[0]).toBe(1)
  expect(warm).toMatchObject({ firstMs: 1234, coldMs: 900, lastMs: 100 })
})

it('reads sizes in both kinds of units, and beginnings of names', () => {
  expect(parseCompare(['--size', '64mb']).bytes).toBe(64e6)
  expect(parseCompare(['--size', '2MiB']).bytes).toBe(2 ** 21)
  expect(parseCompare(['--workloads', 'state,sort']).workloads).toEqual(['state-update', 'state-map', 'sort'])
  expect(parseCompare(['--peers', 'node']).peers).toEqual(['millrace', 'node'])
  expect(() => parseCompare(['--size', '5'])).toThrow("--size is '5'")
})
