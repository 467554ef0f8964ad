import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Context,
  type ContextOptions,
  ERROR_CODES,
  ManualClock,
  type OutputOperation,
  Rdd,
  RddBuilder,
  Stream,
  StreamBuilder,
  StreamingContext,
} from 'millrace'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const page = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const OPTIONS = page('docs/reference/options.md')

/** The part of a page below a heading, up to the next of the same or a higher level. */
function section(text: string, heading: string): string {
  const lines = text.split('\n')
  const from = lines.indexOf(heading)
  expect(from, `the heading '${heading}'`).toBeGreaterThanOrEqual(0)
  const level = heading.indexOf(' ')
  const to = lines.findIndex((line, i) => i > from && /^#+ /.test(line) && line.indexOf(' ') <= level)
  return lines.slice(from, to < 0 ? undefined : to).join('\n')
}

/** Names in the first column of the tables. */
function listed(text: string): string[] {
  const cells = text.split('\n').flatMap((line) => /^\| ([^|]*`[^|]*)\|/.exec(line)?.[1] ?? [])
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map((match) => match[1]!))
}

/** What a context says it knows, when it is given an option that it does not. */
function known(make: (options: ContextOptions) => unknown): string[] {
  try {
    make({ nonsense: 1 } as ContextOptions)
  } catch (error) {
    return /Known: (.*)\./.exec((error as Error).message)![1]!.split(', ')
  }
  throw new Error('An unknown option was taken.')
}

/** Methods that are not for users: the graph and the engine call them. */
const INNER = {
  rdd: ['plan', 'readInstead'],
  datasets: ['runner', 'register', 'nextShuffleId', 'capture', 'broadcastValue'],
  stream: [
    'drop',
    'faults',
    'parentRemember',
    'rememberDuration',
    'isValid',
    'isOpen',
    'isForgotten',
    'getOrCompute',
    'remember',
    'forget',
    'remembered',
    'keep',
    'shape',
    'neededAfter',
    'newestVersion',
    'progress',
    'resume',
    'beginAfter',
    'restore',
  ],
  builder: [
    'size',
    'frozen',
    'register',
    'freeze',
    'mustBeOpen',
    'addOutput',
    'nameOutput',
    'within',
    'owner',
    'fingerprint',
    'shape',
  ],
}

function methods(of: { readonly prototype: object }, inner: readonly string[]): string[] {
  return Object.getOwnPropertyNames(of.prototype).filter((name) => name !== 'constructor' && !inner.includes(name))
}

describe('the reference', () => {
  test('lists the options that exist, no others, with the defaults that they have', () => {
    const batch = known((given) => new Context(given))
    const streams = [
      'batchInterval',
      'clock',
      'onBatchError',
      'receiverBufferBytes',
      'outputRetries',
      'maxCatchUpBatches',
      'backpressure',
      'checkpointDir',
      'checkpointInterval',
      'params',
      'driver',
    ]
    const stop = ['graceful', 'stopContext', 'timeout']
    expect(listed(OPTIONS).sort()).toEqual([...batch, ...streams, ...stop].sort())

    const { options: checked } = new Context()
    const defaults = Object.fromEntries(
      [...OPTIONS.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map((row) => [row[1], row[2]]),
    )
    for (const name of ['spare', 'maxFailures', 'replicas', 'stateSnapshotInterval'] as const) {
      expect(defaults[name]).toBe(`\`${checked[name]}\``)
    }
    expect(defaults.taskTimeout).toBe(`\`'${checked.taskTimeoutMs / 1000}s'\``)
  })

  test('a streaming context takes what its table says', () => {
    expect(() => new StreamingContext({} as never)).toThrow('batchInterval')
    expect(() => new StreamingContext({ batchInterval: '1s', receiverBufferBytes: 1023 })).toThrow('at least 1024')
    const options = { batchInterval: '1s', receiverBufferBytes: 1024, params: { a: 1 }, clock: new ManualClock() }
    expect(new StreamingContext(options).batchInterval).toBe(1000)
  })

  test('lists every error code', () => {
    const codes = [...page('docs/reference/errors.md').matchAll(/^\| `(ERR_\w+)`/gm)].map((match) => match[1])
    expect(codes).toEqual([...ERROR_CODES])
  })
})

describe('docs/reference/operations.md', () => {
  const operations = page('docs/reference/operations.md')
  const datasets = listed(section(operations, '## Datasets (RDDs)'))
  const streams = listed(section(operations, '## Streams'))

  test('lists every method of datasets, every source and shared value', () => {
    const sources = methods(RddBuilder, INNER.datasets)
    // union is a method of both.
    const existing = new Set([...methods(Rdd, INNER.rdd), ...sources])
    expect([...new Set(datasets)].sort()).toEqual([...existing].sort())
  })

  test('lists every method of streams, and every source', () => {
    const sources = methods(StreamBuilder, [...INNER.builder, 'input'])
    // union and transform are methods of both.
    const existing = new Set([...methods(Stream, INNER.stream), ...sources])
    expect([...new Set(streams)].sort()).toEqual([...existing].sort())
  })

  test('its output operations are those that a context counts as such', async () => {
    const ssc = new StreamingContext({ batchInterval: '1s' })
    const stream = ssc.queueStream([[1]])
    const table = section(operations, '## Streams').split('| Output operation |')[1]!
    for (const name of listed(table))
      (stream as unknown as Record<string, (text: unknown) => void>)[name]!(argument(name))
    const labels = ssc.outputs.map(({ label }: OutputOperation) => label.replace(/\(.*/, ''))
    expect(labels).toEqual(listed(table))
    await ssc.stop()
  })
})

function argument(output: string): unknown {
  return output === 'foreachRDD' ? () => undefined : output === 'print' ? 10 : 'name'
}

test('the table of fault points has every one that exists', () => {
  const source = ['src/pool/worker/fault-points.ts', 'src/engine/checkpoint/fault-points.ts'].map(page).join()
  const points = [...source.matchAll(/^ {2}\| '([\w:-]+)'$/gm)].map((match) => match[1]!)
  expect(points.length).toBeGreaterThan(0)
  const table = section(page('docs/internals/architecture.md'), '## When a thread dies')
  for (const point of points) expect(table).toContain(`\n| \`${point}\` |`)
})

test('the README fits on a few screens', () => {
  expect(page('README.md').split('\n').length).toBeLessThanOrEqual(150)
})

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

test.each(pages)('links of %s lead somewhere', (path) => {
  for (const [, target] of page(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
    expect(existsSync(join(ROOT, dirname(path), target!)), target).toBe(true)
  }
})
