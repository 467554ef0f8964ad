import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('without the package, the call of sql says how to install it, and all else works', async () => {
  const path = mkdtempSync(join(tmpdir(), 'millrace-sql-'))
  try {
    const modules = join(path, 'node_modules')
    mkdirSync(join(modules, 'millrace'), { recursive: true })
    for (const name of ['dist', 'package.json'])
      cpSync(join(ROOT, name), join(modules, 'millrace', name), { recursive: true })
    for (const name of ['acorn', 'comlink', 'msgpackr', 'piscina'])
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
    const program = join(path, 'program.mjs')
    writeFileSync(
      program,
      `import { Context, StreamingContext } from 'millrace'
      import 'millrace/sql'
      const ctx = new Context({ threads: 1, spare: false })
      try {
        ctx.range(1).sql('from batch')
      } catch ({ code, message, details }) {
        console.log(code, message, details.final)
      }
      await ctx.range(1).toTable({ n: 'INTEGER' }).toArrow().catch(({ message }) => console.log(message))
      console.log(await ctx.range(3).sum())
      await ctx.stop()
      const ssc = new StreamingContext({ batchInterval: '1s', threads: 1, ui: { port: 0 }, logger: { debug() {}, info() {}, warn() {}, error() {} } })
      ssc.queueStream([[1]]).output('numbers')
      await ssc.start()
      const headers = { 'x-millrace-request': '1' }
      const answer = await fetch(new URL('api/v1/sql?q=select+1', ssc.ui.url), { headers })
      console.log(answer.status, (await answer.json()).error.message)
      await ssc.stop()`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: path })
    expect(stdout).toBe(
      "ERR_MILLRACE_SOURCE millrace/sql needs the package '@duckdb/node-api', which cannot be loaded. Install it: npm install @duckdb/node-api (version 1). true\ntoArrow needs the package '@uwdata/flechette', which cannot be loaded. Install it: npm install @uwdata/flechette (version 2).\n3\n501 millrace/sql needs the package '@duckdb/node-api', which cannot be loaded. Install it: npm install @duckdb/node-api (version 1).\n",
    )
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
})
