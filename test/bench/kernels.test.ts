import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url))
const bench = (...words: string[]) =>
  promisify(execFile)(process.execPath, [main, 'kernels', '--threads', '1', ...words])

/** Every row compares what kernels and closures come to, and fails where they differ. */
it('kernels: a row a chain', async () => {
  const { stdout } = await bench('--quick')
  expect(
    stdout.match(
      /^(JSON|fields|lines|longest) [a-z ]+(library|closures)( +[\d,.]+){3} +[\d.]+-[\d.]+( +[\d,.]+){2}$/gm,
    ),
  ).toHaveLength(14)
})

it('kernels: a chain that is not there is refused with those that are', async () => {
  await expect(bench('--only', 'nothing')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^There is no chain named 'nothing'\. Choose of JSON counted .*longest line\.\nusage: /,
    ),
  })
})
