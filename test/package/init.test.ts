import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Consumers, runIn } from './consumer.js'

const consumers = new Consumers()
afterAll(() => consumers.close())

const FILES = ['.dockerignore', '.gitignore', 'Dockerfile', 'README.md', 'package.json', 'pipeline.test.ts']
const PACKAGES = ['tsx', 'typescript', '@types/node', 'undici-types', 'esbuild']

test('millrace init writes a project that runs, passes its test and compiles', async () => {
  const project = consumers.project({}, PACKAGES)
  const written = await runIn(project, 'millrace', ['init'])
  expect(written.code, written.stderr).toBe(0)
  expect(readdirSync(project)).toEqual(expect.arrayContaining([...FILES, 'pipeline.ts', 'tsconfig.json']))
  expect(await runIn(project, process.execPath, ['node_modules/typescript/bin/tsc'])).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  })
  const tested = await runIn(project, 'npm', ['test'])
  expect(tested.code, tested.stdout).toBe(0)
  expect(tested.stdout).toContain('# pass 2\n')
  const ran = await runIn(project, 'npm', ['start', '--', '--duration', '2500ms', '--threads', '2'])
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stdout).toMatch(/\["\/",\d+\]/)
})

test('millrace init writes over no file', async () => {
  const project = consumers.project({ 'pipeline.ts': '// mine', Dockerfile: '# mine' })
  const { code, stderr } = await runIn(project, 'millrace', ['init', '.'])
  expect(code).toBe(2)
  expect(stderr).toContain('has Dockerfile, pipeline.ts already')
  expect(readdirSync(project).sort()).toEqual(['Dockerfile', 'node_modules', 'pipeline.ts'])
})

test('npm create millrace does the same', async () => {
  const project = consumers.project()
  consumers.install('create-millrace', project)
  const { code, stdout, stderr } = await runIn(project, process.execPath, [
    'node_modules/create-millrace/index.js',
    'My Pages',
  ])
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('cd My Pages')
  expect(readdirSync(join(project, 'My Pages')).sort()).toEqual([...FILES, 'pipeline.ts', 'tsconfig.json'].sort())
})
