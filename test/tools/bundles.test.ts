import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type BuildOptions, build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROGRAM } from '../support/bundled-program.js'

// Inside the repository, so that the bundles find the package by its name.
const folder = fileURLToPath(new URL(`../../out/bundles-${process.pid}/`, import.meta.url))
beforeAll(() => void mkdirSync(folder, { recursive: true }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const DRIVER_THREAD = `
  import { StreamingContext } from 'millrace'
  StreamingContext.fromPipeline('file:///none.mjs', { batchInterval: 1000, driver: 'thread' }).catch((error) => {
    console.log(error.code, error.message)
    process.exit(1)
  })`

/** What a bundle of the program prints. */
async function outputOf(name: string, program: string, options: BuildOptions): Promise<string> {
  writeFileSync(`${folder}${name}.in.mjs`, program)
  const outfile = `${folder}${name}.${options.format === 'cjs' ? 'cjs' : 'mjs'}`
  const entryPoints = [`${folder}${name}.in.mjs`]
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    logLevel: 'silent',
    ...options,
  })
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [outfile]).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  return stdout + stderr
}

const REQUIRE = "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);"
const whole: [string, string, BuildOptions][] = [
  ['esm', PROGRAM, { format: 'esm' }],
  ['esm-with-require', PROGRAM, { format: 'esm', banner: { js: REQUIRE } }],
  ['esm-minified', PROGRAM, { format: 'esm', minify: true, banner: { js: REQUIRE } }],
  ['cjs', PROGRAM, { format: 'cjs' }],
  ['only-piscina-external', PROGRAM, { format: 'esm', external: ['piscina'] }],
  ['driver-thread', DRIVER_THREAD, { format: 'esm', banner: { js: REQUIRE } }],
]
test.each(whole)('a bundle that contains the package says how to leave it out: %s', async (name, program, options) => {
  const output = await outputOf(name, program, options)
  expect(output).toContain('ERR_MILLRACE_PACKAGE')
  for (const setting of ["esbuild: external: ['millrace']", 'Rollup', 'Vite', 'webpack', 'serverExternalPackages'])
    expect(output).toContain(setting)
})

test('a bundle that preserves the URL of the package says it when its threads start', async () => {
  // As webpack and Next do: the files of the package are found, and those of Piscina are not.
  const define = { 'import.meta.url': JSON.stringify(new URL('../../dist/index.js', import.meta.url).href) }
  const output = await outputOf('kept-url', PROGRAM, { format: 'cjs', define })
  expect(output).toContain('ERR_MILLRACE_THREAD_LOST')
  expect(output).toContain("webpack: target: 'node20', externals: { millrace: 'import millrace' }")
})

test.each([
  ['esm-external', { format: 'esm', external: ['millrace'] }],
  ['cjs-external', { format: 'cjs', external: ['millrace'] }],
  ['packages-external', { format: 'esm', packages: 'external' }],
] as [string, BuildOptions][])('a bundle that leaves the package out works: %s', async (name, options) => {
  expect(await outputOf(name, PROGRAM, options)).toBe('sum 5\n')
})
