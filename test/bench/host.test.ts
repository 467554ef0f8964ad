import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url))

it('runs host: batches with both drivers, and every figure is known', async () => {
  const words = ['host', '--rate', '2000', '--runs', '1', '--seconds', '2', '--threads', '1']
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...words])
  const rows = stdout.split('\n').filter((line) => /^(host|thread) /.test(line))
  expect(rows).toHaveLength(4)
  for (const row of rows) {
    // A dash stands for a figure of nothing.
    for (const cell of row.split(/\s{2,}/).slice(1)) expect(cell).toMatch(/^-?[\d,.]+( %)?$/)
  }
  expect(stdout.match(/^mark: .*reached/gm)).toHaveLength(2)
})
