import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { FIGURES } from '../../bench/soak/samples.mjs'

const main = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url))
const bench = (...words: string[]) => promisify(execFile)(process.execPath, [main, ...words])

/** Every run compares the results of Millrace and of the loop by hand, and fails where they differ. */
it('runs word count and grep, and writes what it measured with the machine it ran on', async () => {
  const { stdout } = await bench('wordcount', 'grep', '--size', '1MiB', '--runs', '1', '--threads', '2', '--json')
  const files = [...stdout.matchAll(/^written to (.*)$/gm)].map(([, path]) => path!)
  try {
    expect(files).toHaveLength(2)
    const [wordcount, grep] = files.map((path) => JSON.parse(readFileSync(path, 'utf8')))
    expect(wordcount).toMatchObject({ bench: 'wordcount', options: { threads: 2 }, machine: { node: process.version } })
    for (const { results } of [wordcount, grep]) {
      expect(results.file.volume).toEqual({ bytes: 1_048_665, records: 10_441 })
      for (const { contenders } of [results.file, results.batches]) {
        expect(contenders.map(({ name }: { name: string }) => name)).toEqual(['millrace', 'plain loop'])
        for (const { ms, cpuMs } of contenders) expect(Math.min(ms.min, cpuMs.min)).toBeGreaterThan(0)
      }
    }
  } finally {
    for (const path of files) rmSync(path)
  }
  expect(files.some((path) => existsSync(path))).toBe(false)
})

it('runs latency: lines arrive in both, and every delay is known', async () => {
  const { stdout } = await bench('latency', '--rate', '5000', '--runs', '1', '--seconds', '1', '--threads', '2')
  const rows = stdout.split('\n').filter((line) => /^(millrace|plain loop)/.test(line))
  // 10 and 5 ms at the rate, and 10 ms at a trickle.
  expect(rows).toHaveLength(3 * 2)
  const cells = rows.flatMap((row) => row.split(/\s{2,}/).slice(1))
  expect(cells).toHaveLength(3 * 2 * 8)
  // A dash stands for a figure of nothing.
  for (const cell of cells) expect(cell).toMatch(/^-?[\d,.]+$/)
})

it('says what is wrong with a command, without a stack', async () => {
  const refused = expect.objectContaining({
    code: 2,
    stderr: expect.stringMatching(/^There is no benchmark named 'x'\..*\nusage: .*\n$/),
  })
  await expect(bench('x')).rejects.toEqual(refused)
})

it('runs a short soak: every record is counted once, and the plot has all panels', async () => {
  const plot = `${tmpdir()}/soak-${process.pid}.svg`
  try {
    const { stdout } = await bench(
      'soak',
      '--batches',
      '40',
      '--interval',
      '50',
      '--kill-every',
      '1000',
      '--plot',
      plot,
    )
    const [, pushed, counted] = /pushed (\d+) records, counted (\d+)/.exec(stdout)!
    expect(counted).toBe(pushed)
    expect(readFileSync(plot, 'utf8').match(/<polyline /g)).toHaveLength(Object.keys(FIGURES).length)
  } finally {
    rmSync(plot, { force: true })
  }
})
