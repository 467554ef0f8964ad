import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { otherNode } from '../../bench/peers/other-node.mjs'

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
  const names = ['wordcount', 'nexmark-q3', 'nexmark-q3-100k']
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
})

it('skips a peer whose tool is missing, and says why', async () => {
  const out = join(folder, 'skipped')
  const words = [
    '--workloads',
    'grep',
    '--peers',
    'polars,node,node-lts',
    '--size',
    '1mb',
    '--rounds',
    '1',
    '--quick',
    '--node',
    '21',
    '--out',
    out,
  ]
  const { stdout } = await compare(words, { PATH: join(folder, 'nothing') })
  expect(stdout).toContain('polars is skipped: python3 is not installed')
  const [, json] = readdirSync(out).sort()
  const { skipped, workloads } = JSON.parse(readFileSync(join(out, json!), 'utf8'))
  expect(skipped).toEqual({ polars: 'python3 is not installed', 'node-lts': 'npm is not installed' })
  expect(workloads[0].rows.map(({ id }: { id: string }) => id)).toEqual([
    'millrace:builtins',
    'millrace:closures',
    'millrace:file',
    'node',
  ])
})

it('lets Millrace and the loop on another Node take part, and says which marks are reached there', async () => {
  const out = join(folder, 'other')
  // This Node under another name.
  const other = join(folder, 'node-99')
  const named = `#!/bin/sh\n[ "$1" = --version ] && echo v99.0.0 || exec '${process.execPath}' "$@"\n`
  writeFileSync(other, named, { mode: 0o755 })
  const peers = 'node,millrace-lts,node-lts'
  const of = ['--workloads', 'grep', '--peers', peers, '--size', '1mb', '--rounds', '1', '--quick']
  const { stdout } = await compare([...of, '--node', other, '--out', out])
  const [html, json] = readdirSync(out)
    .sort()
    .map((name) => readFileSync(join(out, name), 'utf8'))
  const { versions, workloads, marks } = JSON.parse(json!)
  expect(versions).toMatchObject({ 'node-lts': 'v99.0.0', 'millrace-lts': 'this one, Node v99.0.0' })
  const ids = ['builtins', 'closures', 'file'].map((variant) => `millrace-lts:${variant}`)
  const rows: { id: string; correct: boolean }[] = workloads[0].rows
  const there = rows.filter(({ id }) => id.includes('-lts'))
  expect(there.map(({ id, correct }) => [id, correct])).toEqual([...ids, 'node-lts'].map((id) => [id, true]))
  const mark = marks.find(({ what }: { what: string }) => what === 'A chain of closures')
  expect(mark.lts).toMatchObject({ than: 'node-lts', reached: expect.any(Boolean), value: { min: expect.any(Number) } })
  expect(stdout).toMatch(/^Grep, kernels: 6 × Spark .* not known: spark took no part/m)
  expect(html).toContain('<h2>Marks</h2>')
})

it('has no other Node where it is this one, or where there is none', async () => {
  const version = `this is Node ${process.version} already`
  await expect(otherNode(process.execPath)).rejects.toThrow(version)
  await expect(otherNode(process.versions.node.split('.')[0])).rejects.toThrow(version)
  await expect(otherNode(join(folder, 'nobody'))).rejects.toThrow('nobody is not installed')
})

it('refuses names that it does not know, without a stack', async () => {
  const refused = (text: string) => expect.objectContaining({ code: 2, stderr: expect.stringContaining(text) })
  await expect(compare(['--workloads', 'x'])).rejects.toEqual(refused("--workloads names 'x'; there are wordcount,"))
  await expect(compare(['--rounds', '0'])).rejects.toEqual(refused("--rounds is '0'"))
})
