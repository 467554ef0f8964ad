import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { pipelineUrl } from '#build/pool/pipeline-module.js'

test.each([
  'a b.mjs',
  'with#hash/p.mjs',
  'with?question/p.mjs',
  'with%20encoded/p.mjs',
  '100%/p.mjs',
  '目录/p.mjs',
  "it's.mjs",
])('the path %j names the file of that name', (path) => {
  expect(fileURLToPath(pipelineUrl(path))).toBe(resolve(path))
  expect(fileURLToPath(pipelineUrl(resolve(path)))).toBe(resolve(path))
})

test('URLs stay as they are', () => {
  const url = pathToFileURL('/a#b/p.mjs')
  expect(pipelineUrl(url)).toBe(url.href)
  expect(pipelineUrl(url.href)).toBe(url.href)
  expect(pipelineUrl('data:text/javascript,1')).toBe('data:text/javascript,1')
})

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline url#'))
  folders.push(folder)
  for (const name of names) writeFileSync(join(folder, name), '')
  return folder
}

test.each([
  ['p.js', 'p.ts'],
  ['p.js', 'p.tsx'],
  ['p.jsx', 'p.tsx'],
  ['p.mjs', 'p.mts'],
  ['p.cjs', 'p.cts'],
])('%s means %s where only that exists, as a path and as a URL', (asked, there) => {
  const folder = folderWith(there)
  expect(fileURLToPath(pipelineUrl(join(folder, asked)))).toBe(join(folder, there))
  expect(fileURLToPath(pipelineUrl(pathToFileURL(join(folder, asked))))).toBe(join(folder, there))
  expect(pipelineUrl(`${pathToFileURL(join(folder, asked)).href}?v=1#x`)).toBe(
    `${pathToFileURL(join(folder, there)).href}?v=1#x`,
  )
})

test('JavaScript that exists is taken, and what exists under neither name keeps the name that was given', () => {
  const folder = folderWith('p.js', 'p.ts', 'q.mts')
  expect(fileURLToPath(pipelineUrl(join(folder, 'p.js')))).toBe(join(folder, 'p.js'))
  for (const name of ['nothing.js', 'q.js', 'p.json'])
    expect(fileURLToPath(pipelineUrl(join(folder, name)))).toBe(join(folder, name))
})

test.each([undefined, null, 5, 'http://['])('%j is no module, and the error says what is', (module) => {
  expect(() => pipelineUrl(module as never)).toThrow(
    expect.objectContaining({ code: 'ERR_MILLRACE_PIPELINE', message: expect.stringContaining('import.meta.url') }),
  )
})
