import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import * as millrace from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { examplesIn, moduleOf } from './extract.js'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Every file that may hold examples, by its path in the project. */
function sources(): string[] {
  const below = (folder: string, ending: string) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  return ['README.md', ...below('docs', '.md'), ...below('src', '.ts')]
}

const examples = sources()
  .flatMap((path) => examplesIn(path, readFileSync(join(ROOT, path), 'utf8')))
  .map((example, i) => ({ ...example, ...moduleOf(example, Object.keys(millrace)), file: `example-${i}` }))
const fragments = examples.filter(({ kind }) => kind === 'fragment')
/** Those of connectors need servers or files beside them; tests of their own run them. */
const isOfConnector = (place: string) => /^docs\/connectors\/(?!file-formats)/.test(place)
const programs = examples.filter(({ kind, place }) => kind === 'program' && !isOfConnector(place))

let folder: string
/** Returns the compiler's errors, one line per fault. */
let faults: string[]

/** A project of a user's: the package installed beside it, the examples compiled with this project's options. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'examples-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules', 'millrace'))
  for (const name of ['@types', '@uwdata', 'fastify', 'zod'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'))
  const options = {
    ...compilerOptions,
    rootDir: '.',
    outDir: 'out',
    declaration: false,
    sourceMap: false,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const { file, text } of examples) writeFileSync(join(folder, `${file}.ts`), text)
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const compiled = await run(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder }).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  faults = `${compiled.stdout}${compiled.stderr}`.split('\n').filter((line) => line.includes('error'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(examples.map(({ place, file }) => [place, file]))('%s compiles', (_place, file) => {
  expect(faults.filter((line) => line.startsWith(`${file}.ts`) || !line.startsWith('example-'))).toEqual([])
})

describe('examples that show values', () => {
  const shown = new Map<string, { shown?: { actual: string[]; expected: string[] }[]; error?: string }>()

  beforeAll(async () => {
    // Examples read the package.json in their directory, and write files.
    const files = join(folder, 'files')
    mkdirSync(files)
    cpSync(join(ROOT, 'package.json'), join(files, 'package.json'))
    const urls = fragments.map(({ file }) => pathToFileURL(join(folder, 'out', `${file}.js`)).href)
    const { stdout } = await run(process.execPath, [join(ROOT, 'test/docs/run-fragments.mjs'), ...urls], {
      cwd: files,
    })
    for (const line of stdout.trimEnd().split('\n')) {
      // What an example itself prints comes in between.
      if (!line.startsWith('{"url"')) continue
      const { url, ...answer } = JSON.parse(line)
      shown.set(url, answer)
    }
  })

  test.each(fragments.map(({ place, file }) => [place, file]))('%s', (_place, file) => {
    const answer = shown.get(pathToFileURL(join(folder, 'out', `${file}.js`)).href)
    expect(answer?.error).toBeUndefined()
    expect(answer?.shown?.length).toBeGreaterThan(0)
    for (const { actual, expected } of answer!.shown!) expect(actual).toEqual(expected)
  })
})

describe('programs', () => {
  test('the README has one', () => {
    expect(programs.filter(({ place }) => place.startsWith('README.md'))).not.toEqual([])
  })

  /** A program states its output in comments `// prints: ...`, one per line. */
  test.each(programs.map(({ place, file, code }) => [place, file, code]))('%s', async (_place, file, code) => {
    const expected = [...code.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1])
    expect(expected.length).toBeGreaterThan(0)
    const { stdout, stderr } = await run(process.execPath, [join(folder, 'out', `${file}.js`)], {
      cwd: folder,
      timeout: 600_000,
    })
    expect(stderr).toBe('')
    expect(stdout.trimEnd().split('\n')).toEqual(expected)
  })
})
