import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { check, roomCycles } from '../../scripts/check-imports.mjs'

const SCRIPT = fileURLToPath(new URL('../../scripts/check-imports.mjs', import.meta.url))
const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

/** The violations in a tree of files given as path and text. */
function violations(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'imports-'))
  roots.push(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return check(root)
}

test('the command says file and line of each violation and ends with code 1', async () => {
  violations({ 'src/ops/a.ts': "\nimport '../engine/x.js'\n", 'src/ops/b.ts': "import './b.js'\n" })
  const run = promisify(execFile)(process.execPath, [SCRIPT, roots[0]!])
  const { code, stderr } = await run.then(
    () => ({ code: 0, stderr: '' }),
    (error: { code: number; stderr: string }) => error,
  )
  expect(code).toBe(1)
  expect(stderr.split('\n')).toEqual([
    'src/ops/a.ts:2 ops may not import engine/x; it may import errors, values, ops, files/paths, package-root, and types of files',
    'src/ops/b.ts:1 is in a cycle of imports: ops/b -> ops/b',
    '2 violations',
    '',
  ])
})

describe('what is allowed', () => {
  test('the tree of this project', () => {
    expect(check(fileURLToPath(new URL('../..', import.meta.url)))).toEqual([])
  })

  test('each room imports the rooms below it', () => {
    const found = violations({
      'src/errors.ts': 'export class E extends Error {}\n',
      'src/ops/rdd.ts': "import { E } from '../errors.js'\nexport { E }\n",
      'src/pool/blocks/ids.ts':
        "import type { P } from '../protocol.js'\nimport '../../errors.js'\nexport type { P }\n",
      'src/pool/protocol.ts': "import type { R } from '../ops/rdd.js'\nexport type P = R\n",
      'src/engine/context.ts': "import '../pool/protocol.js'\nimport '../ops/rdd.js'\nimport '../pool/blocks/ids.js'\n",
      'src/cli/main.ts': "import '../index.js'\nimport '../engine/context.js'\nimport 'node:fs'\n",
      'src/index.ts': "export * from './engine/context.js'\n",
    })
    expect(found).toEqual([])
  })

  test('imports that only comments speak of', () => {
    const found = violations({
      'src/ops/a.ts': "export type A = 1\n/**\n * import('../engine/engine.js')\n */\n// import './b.js'\n",
    })
    expect(found).toEqual([])
  })

  test('rooms of the driver without a cycle', () => {
    expect(roomCycles()).toEqual([])
    expect(
      roomCycles([
        { room: 'engine/a', may: ['engine/b'] },
        { room: 'engine/b', may: ['errors'], types: ['engine/c'] },
        { room: 'engine/c', may: ['engine/a'] },
      ]),
    ).toEqual([['engine/a', 'engine/b', 'engine/c', 'engine/a']])
  })
})

describe('what is refused', () => {
  const cases: readonly [string, string, string, string][] = [
    [
      'ops looks into the engine',
      'src/ops/a.ts',
      "\nimport { x } from '../engine/x.js'\n",
      'src/ops/a.ts:2 ops may not import engine/x',
    ],
    [
      'ops looks into the pool, though for a type',
      'src/ops/a.ts',
      "import type { x } from '../pool/x.js'\n",
      'src/ops/a.ts:1 ops may not import pool/x',
    ],
    [
      'errors needs anything',
      'src/errors.ts',
      "import './ops/a.js'\n",
      'src/errors.ts:1 errors may not import ops/a; it may import nothing',
    ],
    [
      'blocks take more than types of the protocol',
      'src/pool/blocks/a.ts',
      "import { P } from '../protocol.js'\n",
      'src/pool/blocks/a.ts:1 pool/blocks may import only types of pool/protocol',
    ],
    [
      'a worker looks into the engine',
      'src/pool/worker/a.ts',
      "import { x } from '../../engine/x.js'\n",
      'src/pool/worker/a.ts:1 pool/worker may not import engine/x',
    ],
    [
      'a worker looks into the driver half of the pool',
      'src/pool/worker/a.ts',
      "import { x } from '../thread-pool.js'\n",
      'src/pool/worker/a.ts:1 pool/worker may not import pool/thread-pool',
    ],
    [
      'the driver half loads worker code',
      'src/pool/a.ts',
      "import { x } from './worker/x.js'\n",
      'src/pool/a.ts:1 pool may import only types of pool/worker/x',
    ],
    [
      'a source builds streams',
      'src/sources/tcp.ts',
      "import { x } from '../ops/dstream/builder.js'\n",
      'src/sources/tcp.ts:1 sources may not import ops/dstream/builder',
    ],
    [
      'a sink looks into the engine',
      'src/sinks/a.ts',
      "export * from '../engine/x.js'\n",
      'src/sinks/a.ts:1 sinks may not import engine/x',
    ],
    [
      'the engine knows a source',
      'src/engine/a.ts',
      "const x = await import('../sources/x.js')\n",
      'src/engine/a.ts:1 engine may not import sources/x',
    ],
    [
      'the engine loads worker code',
      'src/engine/a.ts',
      "import {\n  x,\n} from '../pool/worker/x.js'\n",
      'src/engine/a.ts:1 engine may not import pool/worker/x',
    ],
    [
      'storage looks into the scheduler',
      'src/engine/storage/a.ts',
      "import type { x } from '../scheduler/x.js'\n",
      'src/engine/storage/a.ts:1 engine/storage may not import engine/scheduler/x',
    ],
    [
      'state takes more than types of storage',
      'src/engine/state/a.ts',
      "import { x } from '../storage/x.js'\n",
      'src/engine/state/a.ts:1 engine/state may import only types of engine/storage',
    ],
    [
      'a room of the driver that the table does not know',
      'src/engine/a.ts',
      "import { x } from './new/x.js'\n",
      'src/engine/a.ts:1 engine may not import engine/new/x',
    ],
    ['a room without a rule', 'src/new/a.ts', "import '../errors.js'\n", 'src/new/a.ts:1 new/a is in no room'],
    [
      'an import from outside of src',
      'src/ops/a.ts',
      "import '../../bench/x.js'\n",
      'src/ops/a.ts:1 imports ../../bench/x.js, which is outside of src/',
    ],
  ]
  test.each(cases)('%s', (_name, path, text, expected) => {
    const found = violations({ [path]: text })
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(expected)
  })

  test('a cycle, named by its shortest way; inline types stay in the JavaScript and count', () => {
    const found = violations({
      'src/ops/a.ts': "import './b.js'\n",
      'src/ops/b.ts': "\nimport { type A } from './c.js'\n",
      'src/ops/c.ts': "import './b.js'\nimport './a.js'\n",
      'src/ops/d.ts': "import './a.js'\n",
    })
    expect(found).toEqual(['src/ops/a.ts:1 is in a cycle of imports: ops/a -> ops/b -> ops/c -> ops/a'])
  })

  test('a cycle of types', () => {
    const found = violations({
      'src/engine/storage/a.ts': "import type { B } from './b.js'\nexport type A = B\n",
      'src/engine/storage/b.ts': "import type { A } from './a.js'\nexport type B = A\n",
    })
    expect(found).toEqual([
      'src/engine/storage/a.ts:1 is in a cycle of imports of types: engine/storage/a -> engine/storage/b -> engine/storage/a',
    ])
  })

  test('a class of the engine with more than 250 lines', () => {
    const classOf = (name: string, lines: number) => `export class ${name} {\n${'  //\n'.repeat(lines - 2)}}\n`
    const found = violations({
      'src/engine/a.ts': classOf('Fits', 250),
      'src/engine/b.ts': `\n${classOf('Long', 251)}`,
      'src/pool/a.ts': classOf('Elsewhere', 251),
    })
    expect(found).toEqual(['src/engine/b.ts:2 class Long has 251 lines; split it, 250 is the limit'])
  })

  test('more options that are functions than the engine may have', () => {
    const options = (count: number) =>
      `export interface Options {\n${'  readonly on: (of: number) => void\n'.repeat(count)}}\n`
    expect(violations({ 'src/engine/a.ts': options(5), 'src/pool/a.ts': options(99) })).toEqual([])
    const found = violations({ 'src/engine/a.ts': options(3), 'src/engine/storage/b.ts': options(3) })
    expect(found).toHaveLength(6)
    expect(found[5]).toBe(
      'src/engine/storage/b.ts:4 is one of 6 options of the engine that are functions; 5 is the limit',
    )
  })

  test.each(['src/ops', 'bench', 'test/ops'])('a file of more than 500 lines in %s', (folder) => {
    const found = violations({ [`${folder}/long.ts`]: '\n'.repeat(501), [`${folder}/fits.ts`]: '\n'.repeat(500) })
    expect(found).toEqual([`${folder}/long.ts:501 has 501 lines; split it, 500 is the limit`])
  })
})
