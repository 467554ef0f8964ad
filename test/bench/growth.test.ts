import { expect, it } from 'vitest'
import { RUNS } from '../../bench/growth/runs.mjs'
import { run } from '../../bench/growth.mjs'
import { growthPlot } from '../../bench/plot/growth.mjs'

const options = { threads: 1, runs: 1, quick: true }

it('grows each thing, beside its smallest size, and draws the results', async () => {
  const said: string[] = []
  const results = await run(options, (text: string) => said.push(text))
  expect(results.map(({ name }) => name)).toEqual([
    'keys',
    'visited-keys',
    'partitions',
    'outputs',
    'inputs',
    'window',
    'batch-size',
  ])
  for (const [i, { sizes }] of results.entries()) {
    expect(sizes.map(({ size }) => size)).toEqual(RUNS[i]!.quick)
    expect(sizes[0]).toMatchObject({ ratio: { median: 1, min: 1, max: 1 }, cpuRatio: { median: 1, min: 1, max: 1 } })
    for (const { ms, ratio, cpuRatio } of sizes) expect(Math.min(ms.min, ratio.min, cpuRatio.min)).toBeGreaterThan(0)
  }
  for (const { title } of RUNS) expect(said.join('\n')).toContain(title)
  const svg = growthPlot({ machine: { cores: 2, node: 'v20' }, results })
  expect(svg.match(/<polyline /g)).toHaveLength(results.length)
  expect(svg.match(/<circle /g)).toHaveLength(2 * results.length)
})

it('names the runs that there are', async () => {
  await expect(run({ ...options, only: 'keys,moon' }, () => {})).rejects.toThrow(
    "--only names 'moon'; there are keys, visited-keys, partitions,",
  )
})
