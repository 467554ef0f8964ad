import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, expect, test } from 'vitest'
import { Consumers } from './consumer.js'

const consumers = new Consumers()
afterAll(() => consumers.close())

test('publint finds nothing', async () => {
  const { messages, pkg } = await publint({ pkgDir: consumers.package, strict: true, pack: false })
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
})

test('every entry point has the right types', async () => {
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(consumers.tarball)))
  if (!analysis.types) throw new Error('the package has no types')
  // An ES module: CommonJS programs load it by import(), and Node 20.19 by require().
  const problems = analysis.problems.filter(({ kind }) => kind !== 'CJSResolvesToESM')
  expect(problems).toEqual([])
}, 600_000)

test('the package is small', () => {
  const files = readdirSync(consumers.package, { recursive: true, withFileTypes: true })
  // Maps are not published.
  const published = files.filter((file) => file.isFile() && !file.name.endsWith('.map'))
  const bytes = published.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  expect(bytes).toBeLessThan(4 * 2 ** 20)
  const args = ['-cz', '--exclude=*.map', '-C', consumers.package, '.']
  const packed = execFileSync('tar', args, { maxBuffer: 2 ** 25 })
  expect(packed.length).toBeLessThan(1_350_000)
})

test('links of the README lead to files of the package', () => {
  const text = readFileSync(join(consumers.package, 'README.md'), 'utf8')
  const files = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path]) => path!)
  expect(files).toContain('docs/getting-started.md')
  expect(files.filter((path) => !existsSync(join(consumers.package, path)))).toEqual([])
})
