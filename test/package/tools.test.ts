import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { PROGRAM } from '../support/bundled-program.js'
import { Consumers, runIn } from './consumer.js'

const ROLLUP = (external: string) => `
  import commonjs from '@rollup/plugin-commonjs'
  import json from '@rollup/plugin-json'
  import { nodeResolve } from '@rollup/plugin-node-resolve'
  export default {
    input: 'server.mjs',
    external: ${external},
    output: { dir: 'out', format: 'esm', entryFileNames: 'server.mjs' },
    plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), json()],
  }`
/** Vite itself leaves packages out of a server's bundle, unless they are linked or the project bundles all of them. */
const VITE = (external: string) => `
  export default {
    logLevel: 'error',
    build: {
      ssr: 'server.mjs',
      outDir: 'out',
      rollupOptions: { external: ${external}, output: { entryFileNames: 'server.mjs' } },
    },
    ssr: { noExternal: true },
  }`
const PLUGINS = ['commonjs', 'json', 'node-resolve'].map((name) => `@rollup/plugin-${name}`)

/** The same test for each runner: values that the runner compares, an error of a thread, batches. */
const TEST = `
  import { Context } from 'millrace'
  import { runBatches } from 'millrace/testing'

  test('values and errors of threads are those of the test', async () => {
    const ctx = new Context({ threads: 1, spare: false })
    const records = await ctx.parallelize([1, 2]).map((n) => [n, new Map([[n, new Date(n)]])]).collect()
    expect(records).toEqual([1, 2].map((n) => [n, new Map([[n, new Date(n)]])]))
    const failed = ctx.parallelize([1]).map(() => null.name).collect()
    await expect(failed).rejects.toMatchObject({ code: 'ERR_MILLRACE_TASK_FAILED' })
    await ctx.stop()
  })

  test('batches', async () => {
    const counts = await runBatches((ssc, numbers) => numbers.count(), [[[1, 2], [3]]])
    expect(counts).toEqual([{ time: 1000, records: [2] }, { time: 2000, records: [1] }])
  })`

describe.runIf(hasService('consumers'))('tools of users', () => {
  const consumers = new Consumers()
  afterAll(() => consumers.close())
  const program = (project: string, ...path: string[]) => join(project, 'node_modules', ...path)

  describe.each([
    {
      name: 'Rollup',
      setting: "Rollup: external: ['millrace']",
      settings: ROLLUP,
      packages: ['rollup', ...PLUGINS],
      command: ['rollup/dist/bin/rollup', '--config', 'bundler.config.mjs', '--silent'],
    },
    {
      name: 'Vite',
      setting: "Vite: build: { rollupOptions: { external: ['millrace'] } }",
      settings: VITE,
      packages: ['vite'],
      command: ['vite/bin/vite.js', 'build', '--config', 'bundler.config.mjs'],
    },
  ])('a server bundled by $name', ({ setting, settings, packages, command: [path, ...args] }) => {
    const bundle = async (config: string) => {
      const files = { 'server.mjs': PROGRAM, 'bundler.config.mjs': config, 'package.json': '{ "type": "module" }' }
      const project = consumers.project(files, packages)
      const built = await runIn(project, process.execPath, [program(project, path!), ...args])
      expect(built.code, built.stderr).toBe(0)
      return await runIn(project, process.execPath, ['out/server.mjs'])
    }

    test('runs with the setting that the guide names', async () => {
      expect(await bundle(settings("['millrace']"))).toEqual({ code: 0, stdout: 'sum 5\n', stderr: '' })
    })

    test('names that setting if it contains the package', async () => {
      const { code, stdout, stderr } = await bundle(settings('[]'))
      expect(code).toBe(1)
      expect(stdout + stderr).toContain('ERR_MILLRACE_PACKAGE')
      expect(stdout + stderr).toContain(setting)
    })
  })

  test.each([
    ['vitest', 'forks'],
    ['vitest', 'threads'],
  ])('tests run by %s in %s', async (_name, pool) => {
    const project = consumers.project({ 'words.test.mjs': TEST, 'package.json': '{ "type": "module" }' }, ['vitest'])
    const args = [
      program(project, 'vitest', 'vitest.mjs'),
      'run',
      '--globals',
      `--pool=${pool}`,
      '--testTimeout=200000',
    ]
    const { code, stdout, stderr } = await runIn(project, process.execPath, args, { env: { NO_COLOR: '1' } })
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/Tests +2 passed/)
  })

  test('tests run by jest', async () => {
    const config = 'export default { testMatch: ["**/*.test.mjs"], transform: {}, testTimeout: 200000 }'
    const files = { 'words.test.mjs': TEST, 'jest.config.mjs': config, 'package.json': '{ "type": "module" }' }
    const project = consumers.project(files, ['jest'])
    const args = ['--experimental-vm-modules', program(project, 'jest', 'bin', 'jest.js')]
    const { code, stderr } = await runIn(project, process.execPath, args)
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/Tests: +2 passed/)
  })
})
