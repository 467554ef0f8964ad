import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type Command, millrace } from './command.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const PIPELINE = (imported: string) => `
import { definePipeline } from 'millrace'
import { word } from '${imported}'

export default definePipeline((ssc) => {
  const words = ssc.input({ kind: 'local', name: 'one a batch', replayable: true, next: () => [word] })
  words.output('words')
  words.map((each) => ['all', 1]).updateStateByKey((ones, sum = 0) => sum + ones.length).map(([, total]) => total).output('totals')
})
`

/** A folder that has Millrace installed, a pipeline, and a module that it imports. */
function project(name: string, imported: string): (file: string, text?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-watch-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules', 'millrace'))
  const at = (file: string, text?: string) => {
    if (text !== undefined) writeFileSync(join(folder, file), text)
    return join(folder, file)
  }
  at('package.json', '{ "type": "module" }')
  at(name, PIPELINE(imported))
  return at
}

function watched(module: string, ...more: string[]): Command {
  // Long batches: a restart on a busy machine has few to catch up with.
  return millrace('run', module, '--watch', '--threads', '1', '--batch-interval', '1s', '--json', ...more)
}

test.each([
  ['pipeline.mjs', './word.mjs', 'word.mjs'],
  ['pipeline.ts', './word.js', 'word.ts'],
])(
  '%s restarts when a module that it imports changes, with its checkpoint',
  async (name, imported, file) => {
    const at = project(name, imported)
    at(file, "export const word = 'one'\n")
    const command = watched(at(name), '--checkpoint-dir', at('checkpoints'))
    await command.writes('stdout', '["one"]')
    at(file, "export const word = 'two'\n")
    await command.writes('stdout', '["two"]')
    expect(command.stderr).toMatch(new RegExp(`millrace: .*${file} has changed: restarting\\n`))
    const before = command.records('totals').length
    await command.writes('stdout', `"records":[${before + 1}]`)
    const totals = command.records('totals') as number[]
    expect(totals, 'the state continues').toEqual(Array.from(totals, (_, i) => i + 1))
    command.kill('SIGTERM')
    expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  },
  600_000,
)

test('a module that cannot be loaded is loaded again when it changes, also one that did not exist', async () => {
  const at = project('pipeline.mjs', './word.mjs')
  const command = watched(at('pipeline.mjs'))
  await command.writes('stderr', 'the run ended with code 2; it starts again when a file changes')
  at('word.mjs', 'export const word = \n')
  await command.writes('stderr', 'word.mjs has changed')
  at('word.mjs', "export const word = 'mended'\n")
  await command.writes('stdout', '["mended"]')
  command.kill('SIGINT')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
})

test('a folder that a build removes and writes again is watched on', async () => {
  const at = project('pipeline.mjs', './dist/word.mjs')
  const build = (word: string) => {
    rmSync(at('dist'), { recursive: true, force: true })
    mkdirSync(at('dist'))
    at('dist/word.mjs', `export const word = '${word}'\n`)
  }
  build('one')
  const command = watched(at('pipeline.mjs'))
  for (const word of ['two', 'three']) {
    await command.writes('stdout', '"output":"words"')
    build(word)
    await command.writes('stdout', `["${word}"]`)
  }
  command.kill('SIGTERM')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
})

test('a run whose supervisor is killed ends', async () => {
  const at = project('pipeline.mjs', './word.mjs')
  at('word.mjs', "export const word = 'one'\n")
  const command = watched(at('pipeline.mjs'))
  await command.writes('stdout', '["one"]')
  command.kill('SIGKILL')
  // The run holds stdout and stderr open until it ends.
  expect(await command.ended).toEqual({ code: null, signal: 'SIGKILL' })
  expect(command.stderr).toContain('SIGTERM: processing received data')
})

test('a signal while no run is active ends with the code of the last one', async () => {
  const at = project('pipeline.mjs', './word.mjs')
  const command = watched(at('pipeline.mjs'))
  await command.writes('stderr', 'the run ended with code 2')
  command.kill('SIGTERM')
  expect(await command.ended).toEqual({ code: 2, signal: null })
})
