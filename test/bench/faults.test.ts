import { expect, it } from 'vitest'
import { cost } from '../../bench/faults-cost.mjs'
import { recovery } from '../../bench/faults-recovery.mjs'

const SMALL = { bytes: 2 ** 15, keys: 2000, keyLines: 200 }

it('measures recovery from kills, in batches of their own and in the pace of time', async () => {
  const said: string[] = []
  const results = await recovery({ ...SMALL, kills: 3, seconds: 2 }, (text: string) => said.push(text))
  expect(Object.keys(results)).toEqual(['stateless', 'windowed', 'state'])
  for (const { p50, p99, max, paced } of Object.values(results)) {
    expect(p50).toBeGreaterThan(0)
    expect([p50, p99, max]).toEqual([p50, p99, max].sort((a, b) => a - b))
    expect(paced.batches).toBeGreaterThanOrEqual(2)
    expect(paced.kills).toBe(1)
  }
  expect(said.join('\n')).toMatch(/^state +[\d,.]+ +[\d,.]+ +[\d,.]+ +[\d,.]+$/m)
})

it('measures what replicas and snapshots cost, in rounds by turns', async () => {
  const results = await cost({ ...SMALL, threads: 2, runs: 2 }, () => {})
  expect(results.map(({ job }: { job: string }) => job)).toEqual(['windowed', 'windowed', 'state'])
  for (const { wallPercent, cpuPercent, rounds } of results) {
    expect(rounds).toHaveLength(2)
    expect(wallPercent.min).toBeLessThanOrEqual(wallPercent.max)
    expect(cpuPercent.median).toBeGreaterThan(-100)
  }
})
