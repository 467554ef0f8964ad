import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test, vi } from 'vitest'
import { SourceError } from '#build/errors.js'
import { ExportLoader } from '#build/pool/export-loader.js'
import { eventually } from '../support/eventually.js'

interface Reader {
  read(): unknown
}

const directory = mkdtempSync(join(tmpdir(), 'millrace-exports-'))
afterAll(() => rmSync(directory, { recursive: true }))
const loader = () => new ExportLoader<Reader>('reader', 'read', 'read()', SourceError)

function moduleOf(name: string, source: string): string {
  const path = join(directory, `${name}.mjs`)
  writeFileSync(path, source)
  return pathToFileURL(path).href
}

test('an export is loaded once', async () => {
  const module = moduleOf('good', 'export const reader = { read: () => 1 }')
  const readers = loader()
  const first = readers.load({ module, export: 'reader' })
  expect(readers.load({ module, export: 'reader' })).toBe(first)
  expect((await first).read()).toBe(1)
})

test('a module whose top-level await never ends is an error of its kind, and no endless wait', async () => {
  const module = moduleOf('endless', 'await new Promise(() => {})\nexport const reader = { read() {} }')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const failed = loader()
      .load({ module, export: 'reader' })
      .catch((error: unknown) => error)
    await eventually(() => expect(vi.getTimerCount()).toBe(1))
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await failed).toMatchObject({
      code: 'ERR_MILLRACE_SOURCE',
      message: expect.stringMatching(
        /^The module of the reader file:.* cannot be loaded: its top-level await has not ended within 30 s/,
      ),
    })
  } finally {
    vi.useRealTimers()
  }
})
