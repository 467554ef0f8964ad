import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../services/ports.js'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/connectors/write-your-own.md'), 'utf8')
const [reader = '', direct = '', receiver = '', reliable = '', writer = '', sink = ''] = [
  ...page.matchAll(/```ts\n(.*?)```/gs),
].map(([, text]) => text!)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-own-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules', 'millrace'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function put(name: string, text: string): Promise<string> {
  const { code } = await transform(text, { loader: 'ts', target: 'node20' })
  writeFileSync(join(folder, name), code)
  return join(folder, name)
}

test('the direct source of the page runs', async () => {
  expect(reader).toContain('// squares-reader.js')
  await put('squares-reader.js', reader)
  const { stdout } = await run(process.execPath, [await put('direct.js', direct)])
  // 0 + 1 + 4 + ... + 81
  expect(stdout).toContain('285')
})

test('the receiver of the page runs', async () => {
  const { stdout } = await run(process.execPath, [await put('receiver.js', receiver)])
  expect(stdout).toMatch(/^[1-9]\d*$/m)
})

test('the receiver of the page that acknowledges runs', async () => {
  const port = await freePort()
  const { stdout } = await run(process.execPath, [await put('reliable.js', reliable.replaceAll('7077', String(port)))])
  expect(stdout).toContain('processed order-1\nprocessed order-2\n')
})

test('the sink of the page runs', async () => {
  await put('folder-writer.js', writer)
  await run(process.execPath, [await put('sink.js', sink)], { cwd: folder })
  const [first = ''] = readdirSync(join(folder, 'batches')).sort()
  const parts = readdirSync(join(folder, 'batches', first))
  expect(
    parts
      .map((part) => readFileSync(join(folder, 'batches', first, part), 'utf8'))
      .join('\n')
      .trim(),
  ).toMatch(/a\nb\nc|a\n\nb\nc/)
})
