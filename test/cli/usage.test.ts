import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { millrace } from './command.js'

test.each([
  ['an unknown option', ['run', 'words.mjs', '--thread', '2'], "Unknown option '--thread'. Did you mean --threads?"],
  ['a bad duration', ['run', 'words.mjs', '--duration', 'soon'], '--duration is "soon"'],
  ['a mode of stress that is not there', ['stress', '--mode', 'three'], "--mode is 'three'"],
  ['no module', ['run'], 'a module is missing'],
  ['a module that is not there', ['run', 'nowhere.mjs'], "There is no module file 'nowhere.mjs'"],
  ['a module without a pipeline', ['run', 'no-pipeline.mjs'], 'a default export that is not a pipeline'],
  ['a pipeline without an output', ['run', 'no-output.mjs'], 'No output operations are registered'],
  [
    'a pipeline that refuses its parameters',
    ['run', 'wrong-param.mjs'],
    'RangeError: this pipeline needs --param port=...',
  ],
  ['no command', [], 'A command is missing'],
])('%s: exit code 2 and a message on stderr', async (_, args, message) => {
  const command = millrace(...args)
  expect(await command.ended).toEqual({ code: 2, signal: null })
  expect(command.stderr).toMatch(/^millrace: /)
  expect(command.stderr).toContain(message)
  expect(command.stdout).toBe('')
})

test('--version is that of the package', async () => {
  const command = millrace('--version')
  expect(await command.ended).toEqual({ code: 0, signal: null })
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(command.stdout).toBe(`${version}\n`)
})

test.each([
  [['--help'], 'Usage: millrace <command>'],
  [['run', '--help'], 'Usage: millrace run <module>'],
])('%j goes to stdout', async (args, text) => {
  const command = millrace(...args)
  expect(await command.ended).toEqual({ code: 0, signal: null })
  expect(command.stdout).toContain(text)
  expect(command.stderr).toBe('')
})

test('the built file can be run by a shell', () => {
  expect(readFileSync(new URL('../../dist/cli/main.js', import.meta.url), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
})
