import { expect, it } from 'vitest'
import { run } from '../../bench/log.mjs'

it('measures the log beside the same without it, with equal results', async () => {
  const said: string[] = []
  const options = { threads: 1, bytes: 2 ** 20, runs: 1, seconds: 1 }
  const { throughput, delays, pushes } = await run(options, (text: string) => said.push(text))
  expect(throughput.contenders.map(({ name }: { name: string }) => name)).toEqual(['log', 'no log'])
  expect(throughput.ratio.median).toBeGreaterThan(0)
  for (const rounds of Object.values(delays) as { batches: number }[][]) expect(rounds[0]!.batches).toBeGreaterThan(0)
  for (const { p50, p99 } of Object.values(pushes) as { p50: number; p99: number }[])
    expect(p99).toBeGreaterThanOrEqual(p50)
  expect(said.join('\n')).toContain('push until logged')
})
