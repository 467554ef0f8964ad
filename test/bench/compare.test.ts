import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url))
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-compare-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const compare = (words: readonly string[], env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, [main, 'compare', ...words], {
    env: { ...process.env, MILLRACE_BENCH_CACHE: join(folder, 'cache'), ...env },
  })

it('lets Millrace and the plain loop take turns, checks their answers and writes both reports', async () => {
  const out = join(folder, 'out')
  const names = ['wordcount', 'nexmark-q3']
  const words = [
    '--workloads',
    names.join(),
    '--peers',
    'node',
    '--size',
    '1mb',
    '--rounds',
    '2',
    '--quick',
    '--out',
    out,
  ]
  const { stdout } = await compare(words)
  expect(stdout).not.toContain('WRONG')
  const [html, json] = readdirSync(out)
    .sort()
    .map((name) => readFileSync(join(out, name), 'utf8'))
  const report = JSON.parse(json!)
  expect(report.workloads.map(({ name }: { name: string }) => name)).toEqual(names)
  for (const { rows } of report.workloads) {
    expect(rows.at(-1).id).toBe('node')
    for (const row of rows) {
      expect(row).toMatchObject({ correct: true, rounds: [expect.any(Number), expect.any(Number)] })
      expect(row.ms.min).toBeGreaterThan(0)
      expect(row.firstResultMs).toBeGreaterThan(row.coldMs)
    }
  }
  expect(report.workloads[0].rows[0].answer).toEqual({ keys: 9089, total: 135_796, hash: 907_181_666 })
  // One plot of rates and one of ratios for each workload, and nothing from elsewhere.
  expect(html!.match(/<svg /g)).toHaveLength(2 * names.length)
  expect(html).not.toMatch(/src=|href=|url\(/)
}, 300_000)

it('skips a peer whose tool is missing, and says why', async () => {
  const out = join(folder, 'skipped')
  const words = [
    '--workloads',
    'grep',
    '--peers',
    'polars,node',
    '--size',
    '1mb',
    '--rounds',
    '1',
    '--quick',
    '--out',
    out,
  ]
  const { stdout } = await compare(words, { PATH: join(folder, 'nothing') })
  expect(stdout).toContain('polars is skipped: python3 is not installed')
  const [, json] = readdirSync(out).sort()
  const { skipped, workloads } = JSON.parse(readFileSync(join(out, json!), 'utf8'))
  expect(skipped).toEqual({ polars: 'python3 is not installed' })
  expect(workloads[0].rows.map(({ id }: { id: string }) => id)).toEqual([
    'millrace:builtins',
    'millrace:closures',
    'millrace:file',
    'node',
  ])
}, 300_000)

it('refuses names that it does not know, without a stack', async () => {
  const refused = (text: string) => expect.objectContaining({ code: 2, stderr: expect.stringContaining(text) })
  await expect(compare(['--workloads', 'x'])).rejects.toEqual(refused("--workloads names 'x'; there are wordcount,"))
  await expect(compare(['--rounds', '0'])).rejects.toEqual(refused("--rounds is '0'"))
})
