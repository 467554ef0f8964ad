import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url))
const bench = (...words: string[]) => promisify(execFile)(process.execPath, [main, ...words])

/** Every row compares the results of Millrace and of the loop by hand, and fails where they differ. */
it('ops: a row an operation, of datasets and of streams, and the same in a file', async () => {
  const { stdout } = await bench('ops', '--quick', '--threads', '1', '--json', '--only', 'map,reduceByKey')
  const file = /^written to (.*)$/m.exec(stdout)![1]!
  try {
    const { results } = JSON.parse(readFileSync(file, 'utf8'))
    for (const rows of [results.datasets, results.streams]) {
      expect(rows.map(({ name }: { name: string }) => name)).toEqual(['map', 'reduceByKey'])
      for (const { ns, loopNs, cpuNs, ratio } of rows) {
        expect(Math.min(ns.min, loopNs.min, cpuNs.min, ratio)).toBeGreaterThan(0)
      }
    }
  } finally {
    rmSync(file)
  }
  expect(stdout.match(/^(map|reduceByKey)( +[\d,.]+(-[\d,.]+)?){5}$/gm)).toHaveLength(4)
})

it('ops: an operation that is not there is refused with those that are', async () => {
  await expect(bench('ops', '--only', 'nothing')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^There is no operation named 'nothing'\. Choose of .*cogroup.*\nusage: /),
  })
})
