import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { examplesIn } from '../docs/extract.js'
import { Consumers, runIn } from './consumer.js'

/** The first minutes of a user, from an empty folder: what README and the first page say, with nothing but the tarball. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const page = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')
const [readme] = examplesIn('README.md', page('README.md'))
const [first, words] = examplesIn('docs/getting-started.md', page('docs/getting-started.md'))
const [, command] = /^npx (millrace run .*)$/m.exec(page('docs/getting-started.md'))!

const FIVE_MINUTES = 300_000
const consumers = new Consumers()
afterAll(() => consumers.close())

test('from an empty folder to a running pipeline with its page open', { timeout: FIVE_MINUTES }, async () => {
  const files = { 'live.ts': readme!.code, 'first.ts': first!.code, 'words.ts': words!.code }
  const settings = { 'package.json': '{ "type": "module" }' }
  const project = consumers.project({ ...files, ...settings }, ['tsx', 'esbuild'])
  const outputOf = (file: string) => runIn(project, process.execPath, ['--import', 'tsx', file])
  expect(await outputOf('live.ts')).toEqual({ code: 0, stdout: "[ [ 'the', 3 ], [ 'hat', 2 ] ]\n", stderr: '' })
  expect(await outputOf('first.ts')).toEqual({ code: 0, stdout: "[ [ '/', 1 ], [ '/docs', 1 ] ]\n", stderr: '' })

  const source = createServer((socket) => socket.on('error', () => {}).write('to be or not to be\n'))
  source.listen(0, '127.0.0.1')
  await once(source, 'listening')
  const { port } = source.address() as { port: number }
  const [program, ...args] = command!.replace('port=9999', `port=${port}`).split(' ')
  const run = spawn(`${project}/node_modules/.bin/${program}`, args, {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(run, 'exit')
  const said = { stdout: '', stderr: '' }
  run.stdout.on('data', (text) => {
    said.stdout += text
  })
  run.stderr.on('data', (text) => {
    said.stderr += text
  })
  try {
    const url = await until(() => /page: (http:\S+)/.exec(said.stderr)?.[1], said)
    const response = await fetch(url)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/html')
    await until(() => said.stdout.includes('["to",2]') || undefined, said)
    const batches = (await (await fetch(new URL('api/v1/batches', url))).json()) as { readonly records: number }[]
    expect(batches.some(({ records }) => records === 1)).toBe(true)
    run.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  } finally {
    run.kill('SIGKILL')
    await exited
    source.close()
  }
})

async function until<T>(found: () => T | undefined, said: object): Promise<T> {
  for (const end = Date.now() + FIVE_MINUTES / 2; Date.now() < end; await wait(50)) {
    const value = found()
    if (value !== undefined) return value
  }
  throw new Error(`The command did not get so far: ${JSON.stringify(said)}`)
}
