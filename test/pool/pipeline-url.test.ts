import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
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
