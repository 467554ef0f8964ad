import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { folder } from './support.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const fixture = (name: string) => join(ROOT, 'test', 'fixtures', 'formats', name)

/** Installs the package without optional peers, runs a program, and returns the last lines that it printed. */
async function printed(program: string): Promise<string[]> {
  const path = folder()
  const modules = join(path, 'node_modules')
  mkdirSync(join(modules, 'millrace'), { recursive: true })
  for (const name of ['dist', 'package.json'])
    cpSync(join(ROOT, name), join(modules, 'millrace', name), { recursive: true })
  for (const name of ['acorn', 'comlink', 'msgpackr', 'piscina'])
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  writeFileSync(join(path, 'program.mjs'), program)
  const { stdout } = await promisify(execFile)(process.execPath, [join(path, 'program.mjs')], { cwd: path })
  return stdout.trim().split('\n')
}

test('a missing package is an error that says how to install it', async () => {
  const lines = await printed(`
    import { Context } from 'millrace'
    const ctx = new Context({ threads: 1, spare: false, maxFailures: 1 })
    const attempt = (run) => run.then(() => console.log('done'), (error) => console.log(String(error.cause)))
    await attempt(ctx.parquetFile(${JSON.stringify(fixture('rows-none.parquet'))}).count())
    await attempt(ctx.parallelize([{ a: 1 }]).saveAsParquetFile('out'))
    await attempt(ctx.textFile(${JSON.stringify(fixture('lines.zst'))}).count())
    await attempt(ctx.parallelize([{ a: 1 }]).saveAsJsonFile('json'))
    await ctx.stop()`)
  const [reading, writing, zstd, json] = lines
  expect(reading).toContain(
    "the package 'hyparquet', which cannot be loaded. Install it: npm install hyparquet@^1.31.5",
  )
  expect(writing).toContain('Install it: npm install hyparquet-writer@^0.17.0')
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]
  const isBuiltIn = major > 22 || (major === 22 && minor >= 15)
  expect(zstd).toContain(isBuiltIn ? 'done' : 'Install it: npm install fzstd@^0.1.1')
  expect(json).toBe('done')
})
