import { describe, expect, it } from 'vitest'
import { versus } from '../../bench/versus.mjs'

const time = (ms: number) => ({ ms, cpuMs: ms / 2, foreignCores: 0 })

describe('two contenders', () => {
  it('run in turn, and the first round does not count', async () => {
    const order: string[] = []
    const contender = (name: string, times: number[]) => ({
      name,
      run: () => {
        order.push(name)
        return { result: 42, time: time(times.shift()!) }
      },
    })
    const { contenders, ratio, cpuRatio } = await versus(
      contender('a', [900, 10, 20, 40]),
      contender('b', [1, 40, 20, 10]),
      {
        runs: 3,
      },
    )
    expect(order.join('')).toBe('abababab')
    expect(contenders).toMatchObject([
      { name: 'a', ms: { median: 20, min: 10, max: 40 } },
      { name: 'b', ms: { median: 20, min: 10, max: 40 }, cpuMs: { median: 10, min: 5, max: 20 } },
    ])
    // How many times as fast the first is, pair by pair.
    expect(ratio).toEqual({ median: 1, min: 0.25, max: 4 })
    expect(cpuRatio).toEqual(ratio)
  })

  it('are timed as a whole where they do not say which part counts', async () => {
    let until = 0
    const busy = (name: string, ms: number) => ({
      name,
      run: () => {
        for (until = performance.now() + ms; performance.now() < until; );
        return { result: 1 }
      },
    })
    const { contenders } = await versus(busy('a', 5), busy('b', 20), { runs: 1 })
    expect(contenders[0].ms.median).toBeGreaterThanOrEqual(5)
    expect(contenders[1].ms.median).toBeGreaterThanOrEqual(20)
  })

  it('must come to the same result, also in the last round', async () => {
    let round = 0
    const a = { name: 'a', run: () => ({ result: [['x', 1]] }) }
    const b = { name: 'b', run: () => ({ result: [['x', ++round < 3 ? 1 : 2]] }) }
    await expect(versus(a, b, { runs: 2 })).rejects.toThrow('a and b differ: [["x",1]] against [["x",2]].')
  })

  it('are compared in their normal form', async () => {
    const a = { name: 'a', run: () => ({ result: [1, 2] }) }
    const b = { name: 'b', run: () => ({ result: [2, 1] }) }
    await expect(versus(a, b, { runs: 1, normal: (result: number[]) => [...result].sort() })).resolves.toBeDefined()
    await expect(versus(a, b, { runs: 1 })).rejects.toThrow('differ')
  })
})
