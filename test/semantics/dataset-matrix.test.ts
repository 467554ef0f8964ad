import { readFileSync } from 'node:fs'
import { Context } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { THREAD_FAULT_POINTS } from '#build/pool/fault-points.js'
import { ACTION_ROWS } from './dataset-actions.js'
import { OPERATION_ROWS } from './dataset-operations.js'
import { given, plain, Refusal, type Row } from './dataset-row.js'
import { EDGES, type EdgeDataset } from './edge-datasets.js'
import { keyText, textOf } from './naive.js'

const ROWS = [...OPERATION_ROWS, ...ACTION_ROWS]
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const FAULT_POINTS = THREAD_FAULT_POINTS.filter((point) => /^(task:|block:(un)?sealed)/.test(point))

/** Threads die at many places of many tasks, whatever they are doing there. */
const faults = Array.from({ length: 40 }, (_, i) => ({
  point: FAULT_POINTS[i % FAULT_POINTS.length]!,
  nth: 5 + 71 * i,
  passes: new SharedArrayBuffer(4),
}))

/** Methods of a dataset that compute nothing; and input and writeTo, whose sources and sinks have tests of their own. */
const NOT_OPERATIONS = /^(constructor|plan|readInstead|input|writeTo)$/

test('every operation of a dataset has a row', () => {
  const ctx = new Context({ threads: 1 })
  const page = readFileSync(new URL('../../docs/internals/model.md', import.meta.url), 'utf8')
  const documented = [...page.split('\n## ')[1]!.matchAll(/^\| (`.*?) \|/gm)].flatMap(
    ([, cell]) => cell!.match(/\w+/g)!,
  )
  const operations = [...methodsOf(ctx.parallelize([[1, 1]])), ...documented]
  const shown = new Set(ROWS.flatMap(({ shows }) => shows))
  expect(operations.filter((name) => !shown.has(name) && !NOT_OPERATIONS.test(name))).toEqual([])
  expect([...shown].filter((name) => !operations.includes(name))).toEqual([])
})

function methodsOf(object: object): string[] {
  const names: string[] = []
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === 'function') names.push(name)
  }
  return names
}

describe.each([
  ['1 thread', { threads: 1, spare: false }],
  ['3 threads', { threads: 3, spare: false, replicas: 1 }],
  ['3 threads that die', { threads: 3, faults }],
] as const)('every operation on every edge, %s', (_, options) => {
  const ctx = new Context({ ...options, logger: QUIET })
  afterAll(() => ctx.stop())

  test.each(EDGES.map((edge) => [edge.name, edge] as const))('%s', async (_, edge) => {
    // All at once: the jobs of a context share its threads.
    const results = ROWS.map(async (row) => {
      const [actual, expected] = [await result(ctx, row, edge), shown(row, row.model(plain(edge)))]
      return actual === expected ? [] : [`${row.shows.join()} gave ${actual} instead of ${expected}`]
    })
    const wrong = (await Promise.all(results)).flat()
    expect(wrong).toEqual([])
  })
})

async function result(ctx: Context, row: Row, edge: EdgeDataset): Promise<string> {
  try {
    return shown(row, await row.run(given(ctx, edge)))
  } catch (error) {
    return shown(row, error instanceof Error ? new Refusal(error.constructor.name) : error)
  }
}

function shown({ bag, equalKeys }: Row, value: unknown): string {
  const text = equalKeys ? keyText : textOf
  return bag && Array.isArray(value) ? value.map(text).sort().join('\n') : text(value)
}
