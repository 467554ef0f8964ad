import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { Consumers, runIn } from './consumer.js'

const PROGRAM = `
  import { Context } from 'millrace'
  const ctx = new Context({ threads: 1, spare: false })
  console.log('sum', await ctx.parallelize([{ n: 1 }, { n: 2 }]).map(({ n }) => n + 1).sum())
  await ctx.stop()`
const REQUIRE = `
  const { Context } = require('millrace')
  const ctx = new Context({ threads: 1, spare: false })
  ctx.range(4).sum().then((sum) => console.log('sum', sum - 1)).finally(() => ctx.stop())`
const FILES = { 'main.mjs': PROGRAM, 'main.cjs': REQUIRE }
const RUNS = { code: 0, stdout: 'sum 5\n', stderr: '' }
/** What the dependencies need: none of the packages of this repository's development. */
const NEEDED = ['acorn', 'comlink', 'millrace', 'msgpackr', 'piscina']

describe.runIf(hasService('consumers'))('the tarball, installed in an empty folder', () => {
  const consumers = new Consumers()
  afterAll(() => consumers.close())

  test('by npm without development and optional packages, so without the native part of msgpackr', async () => {
    const project = await consumers.installed('npm', ['--omit=dev', '--omit=optional'], FILES)
    const packages = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))
    expect(packages.sort()).toEqual(NEEDED)
    expect(await runIn(project, process.execPath, ['main.mjs'])).toEqual(RUNS)
  })

  test('by npm, with the native part of msgpackr, which another user than its owner runs', async () => {
    const project = await consumers.installed('npm', [], FILES)
    expect(existsSync(join(project, 'node_modules', 'msgpackr-extract'))).toBe(true)
    const user = consumers.otherUser()
    const write = await runIn(project, process.execPath, ['-e', "fs.writeFileSync('main.txt', '')"], user)
    if (user.uid !== undefined) expect(write.stderr).toContain('EACCES')
    expect(await runIn(project, process.execPath, ['main.mjs'], user)).toEqual(RUNS)
    const required = await runIn(project, process.execPath, ['--disable-warning=ExperimentalWarning', 'main.cjs'])
    expect(required).toEqual(RUNS)
  })

  test('by pnpm, where a package finds its own dependencies only', async () => {
    const project = await consumers.installed('pnpm', [], FILES)
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['millrace'])
    expect(await runIn(project, process.execPath, ['main.mjs'])).toEqual(RUNS)
    const command = await runIn(project, 'millrace', ['--help'])
    expect(command.code, command.stderr).toBe(0)
    expect(command.stdout).toContain('millrace run')
  })
})
