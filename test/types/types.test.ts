import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const require = createRequire(import.meta.url)
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')

// Importing 'millrace/sql' adds members to all datasets and streams of a program, so its types are a program of their own.
test.each(['.', './sql'])('the types in %s say what they should', (folder) => {
  const project = fileURLToPath(new URL(`${folder}/tsconfig.json`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' })
  expect(stdout + stderr).toBe('')
  expect(status).toBe(0)
})
