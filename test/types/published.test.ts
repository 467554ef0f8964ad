import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const require = createRequire(import.meta.url)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const compilers = { '5.4': 'typescript-5.4', current: 'typescript' }

const PROGRAM = `
import { Context, StreamingContext } from 'millrace'
import { runBatches } from 'millrace/testing'
import * as worker from 'millrace/worker'
export const context: Context = new Context({ threads: 1 })
export { StreamingContext, runBatches, worker }
`

let project: string
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'published-types-'))
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(ROOT, join(project, 'node_modules', 'millrace'))
  symlinkSync(join(ROOT, 'node_modules', '@types'), join(project, 'node_modules', '@types'))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(project, 'program.ts'), PROGRAM)
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

// TypeScript 7 has no `node10`.
const rows = [
  ['5.4', 'nodenext', 'nodenext'],
  ['5.4', 'esnext', 'bundler'],
  ['5.4', 'commonjs', 'node10'],
  ['current', 'nodenext', 'nodenext'],
  ['current', 'esnext', 'bundler'],
] as const

test.each(rows)(
  'a strict program without skipLibCheck compiles: TypeScript %s, %s, %s',
  (version, module, resolution) => {
    const tsc = join(dirname(require.resolve(`${compilers[version]}/package.json`)), 'bin', 'tsc')
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--types', 'node', '--target', 'es2022']
    const libraries = ['--lib', 'es2023,esnext.disposable']
    const { stdout } = spawnSync(
      process.execPath,
      [tsc, ...options, ...libraries, '--module', module, '--moduleResolution', resolution, 'program.ts'],
      { cwd: project, encoding: 'utf8' },
    )
    expect(stdout).toBe('')
  },
)
