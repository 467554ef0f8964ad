import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort } from '../services/ports.js'
import { hasService, Service } from '../services/service.js'
import { PROGRAM } from '../support/bundled-program.js'
import { Consumers, runIn } from './consumer.js'

const WEBPACK = (setting: string) => `
  import { join } from 'node:path'
  export default {
    mode: 'production',
    // Minifying takes most of the time, and esbuild's bundles test it.
    optimization: { minimize: false },
    entry: './server.mjs',
    output: { path: join(import.meta.dirname, 'out'), filename: 'server.cjs' },
    ${setting}
  }`
const SETTING = "target: 'node20', externals: { millrace: 'import millrace' }"

/** A route that runs a job in the process that serves it. */
const ROUTE = `
  import { Context } from 'millrace'

  export const dynamic = 'force-dynamic'

  export async function GET() {
    const ctx = new Context({ threads: 1, spare: false })
    try {
      return Response.json({ sum: await ctx.parallelize([1, 2]).map((x) => x + 1).sum() })
    } finally {
      await ctx.stop()
    }
  }`
/** The packages of the project are links to other folders, which the compiler reads below its root only. */
const NEXT = `
  export default { serverExternalPackages: ['millrace'], turbopack: { root: '/' } }`

describe.runIf(hasService('builders'))('builders of applications', () => {
  const consumers = new Consumers()
  afterAll(() => consumers.close())

  describe('a server bundled by webpack', () => {
    const bundle = async (setting: string) => {
      const config = { 'webpack.config.mjs': WEBPACK(setting), 'package.json': '{ "type": "module" }' }
      const project = consumers.project({ 'server.mjs': PROGRAM, ...config }, ['webpack', 'webpack-cli'])
      const args = [join(project, 'node_modules/webpack-cli/bin/cli.js'), '--config', 'webpack.config.mjs']
      const built = await runIn(project, process.execPath, args)
      expect(built.code, built.stdout + built.stderr).toBe(0)
      return await runIn(project, process.execPath, ['out/server.cjs'])
    }

    test('runs with the setting that the guide names', async () => {
      expect(await bundle(SETTING)).toEqual({ code: 0, stdout: 'sum 5\n', stderr: '' })
    })

    test('names that setting if it contains the package', async () => {
      const { code, stdout } = await bundle("target: 'node20'")
      expect(code).toBe(1)
      expect(stdout).toContain('ERR_MILLRACE_THREAD_LOST')
      expect(stdout).toContain(`webpack: ${SETTING}`)
    })
  })

  test('a route handler of Next runs a job, with the setting that the guide names', async () => {
    const files = { 'app/sum/route.js': ROUTE, 'next.config.mjs': NEXT, 'package.json': '{ "type": "module" }' }
    const project = consumers.project(files, ['next', 'react', 'react-dom'])
    const next = join(project, 'node_modules/next/dist/bin/next')
    const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }
    const built = await runIn(project, process.execPath, [next, 'build'], { env })
    expect(built.code, built.stdout + built.stderr).toBe(0)
    const port = await freePort()
    const server = await Service.start(
      process.execPath,
      [next, 'start', project, '--hostname', '127.0.0.1', '--port', String(port)],
      port,
      join(project, 'next.log'),
      { ...process.env, ...env },
    )
    try {
      const response = await fetch(`http://127.0.0.1:${port}/sum`)
      expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: '{"sum":5}' })
    } finally {
      await server.stop()
    }
  }, 300_000)
})
