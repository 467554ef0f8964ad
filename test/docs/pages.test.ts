import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import * as millrace from 'millrace'
import { Context, type ContextOptions, ERROR_CODES, ManualClock, StreamingContext } from 'millrace'
import { describe, expect, test } from 'vitest'
import { availableBytes } from '#build/engine/memory-warning.js'
import { START_OPTIONS } from '#build/engine/streaming/start-options.js'
import { STOP_OPTIONS } from '#build/engine/streaming/stop-result.js'
import { checkStreamingOptions } from '#build/engine/streaming/streaming-options.js'
import { streamNode } from '../support/nodes.js'
import { BEHAVIOUR } from './option-behaviour.js'

/** The classes of the built library: those of `build/` are others. */
const RddFacade = Object.getPrototypeOf(new Context().range(0)).constructor
const RddBuilder = Object.getPrototypeOf(Context)
const StreamFacade = Object.getPrototypeOf(new StreamingContext({ batchInterval: 1 }).queueStream([])).constructor
const StreamBuilder = Object.getPrototypeOf(StreamingContext)

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

/** The first name in the first column of each row. */
const firstNames = (text: string) => [...text.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]!)

function messageOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('The call did not throw.')
}

/** Returns the option names that a context lists when it gets an unknown option. */
function known(make: (options: ContextOptions) => unknown): string[] {
  try {
    make({ nonsense: 1 } as ContextOptions)
  } catch (error) {
    return /Known: (.*)\./.exec((error as Error).message)![1]!.split(', ')
  }
  throw new Error('An unknown option was taken.')
}

function methods(of: { readonly prototype: object }, inner: readonly string[]): string[] {
  return Object.getOwnPropertyNames(of.prototype).filter((name) => name !== 'constructor' && !inner.includes(name))
}

describe('the reference', () => {
  test('lists the options that exist, no others, with the defaults that they have', () => {
    const batch = known((given) => new Context(given))
    const all = known((given) => new StreamingContext({ ...given, batchInterval: 1 }))
    expect(all).toEqual(expect.arrayContaining(batch))
    // `driver` belongs to fromPipeline.
    const streams = [...all.filter((name) => !batch.includes(name)), 'driver']
    const log = ['rollingInterval', 'maxBytes', 'closeAfterWrite', 'flushInterval']
    expect(listed(OPTIONS).sort()).toEqual([...batch, ...streams, ...log, ...START_OPTIONS, ...STOP_OPTIONS].sort())

    const { options: checked } = new Context()
    const defaults = Object.fromEntries(
      [...OPTIONS.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map((row) => [row[1], row[2]]),
    )
    const streaming = checkStreamingOptions({ batchInterval: 20 })
    const logged = checkStreamingOptions({ batchInterval: 20, writeAheadLog: true }).writeAheadLog!
    const MIB = 1024 * 1024
    const asText = (value: unknown) => `\`${inspect(value)}\``
    const stated: Record<string, string> = {
      master: checked.master ?? 'none',
      spark: Object.keys(checked.spark).length === 0 ? 'none' : '',
      threads: checked.threads === Math.min(8, availableParallelism()) ? "the machine's cores, at most 8" : '',
      parallelism: checked.parallelism === checked.threads ? '`threads`' : '',
      spare: asText(checked.spare),
      warmUp: checked.warmUp === 'proven' ? '`true`' : '',
      maxFailures: asText(checked.maxFailures),
      taskTimeout: asText(`${checked.taskTimeoutMs / 1000}s`),
      replicas: asText(checked.replicas),
      replication: asText(checked.replication),
      speculation: asText(checked.speculation ?? false),
      memoryLimit:
        checked.memoryLimit === Math.floor(availableBytes() / 2)
          ? "half of the container's memory, or of the machine's"
          : '',
      maxResultBytes:
        checked.maxResultBytes === Math.min(1024 * MIB, Math.floor(getHeapStatistics().heap_size_limit / 4))
          ? "a quarter of the limit of the driver's heap, at most 1 GiB"
          : '',
      spillDirectory: checked.spillDirectory ?? "the system's directory for temporary files",
      stateMemory: checked.stateMemory === undefined ? 'none' : '',
      spillLimit: checked.spillLimit === Number.MAX_SAFE_INTEGER ? 'none' : '',
      replayRetention: streaming.replayRetention === 0 ? 'none' : '',
      deadLetterLimit: asText(checked.deadLetterLimit),
      stateSnapshotInterval: asText(checked.stateSnapshotInterval),
      resourceLimits: asText(checked.resourceLimits),
      codegen: checked.codegen ? '`true` where the process may compile' : '',
      faults: checked.faults === undefined ? 'none' : '',
      batchInterval: 'required',
      clock: streaming.clock.constructor.name === 'SystemClock' ? '`new SystemClock()`' : '',
      onBatchError: asText(streaming.onBatchError),
      outputRetries: streaming.outputRetries.attempts === 1 ? 'one attempt' : '',
      maxCatchUpBatches: asText(streaming.maxCatchUp),
      receiverBufferBytes: `\`${streaming.receiverBufferBytes}\` (${streaming.receiverBufferBytes / MIB} MiB)`,
      backpressure: asText(streaming.backpressure ?? false),
      checkpointInterval: streaming.checkpointInterval === 1000 ? "the batches of `'1s'`, at least one" : '',
      writeAheadLog: asText(streaming.writeAheadLog ?? false),
      ui: asText(streaming.ui ?? false),
      rollingInterval: asText(`${logged.rollingInterval / 1000}s`),
      maxBytes: `\`${logged.maxBytes}\` (${logged.maxBytes / MIB} MiB)`,
      closeAfterWrite: asText(logged.closeAfterWrite),
      flushInterval: asText(`${logged.flushInterval}ms`),
    }
    for (const [name, text] of Object.entries(stated)) expect(defaults[name], name).toBe(text)
    for (const [name, { text }] of Object.entries(BEHAVIOUR)) expect(defaults[name], name).toBe(text)
    expect(Object.keys({ ...stated, ...BEHAVIOUR }).sort()).toEqual(Object.keys(defaults).sort())
  })

  test.each(Object.entries(BEHAVIOUR))('the default of %s does what its row says', (_, { check }) => check())

  test('a streaming context takes what its table says', () => {
    expect(() => new StreamingContext({} as never)).toThrow('batchInterval')
    expect(() => new StreamingContext({ batchInterval: '1s', receiverBufferBytes: 1023 })).toThrow('at least 1024')
    const options = { batchInterval: '1s', receiverBufferBytes: 1024, params: { a: 1 }, clock: new ManualClock() }
    expect(new StreamingContext(options).batchInterval).toBe(1000)
  })

  test('lists every error code, with its class', () => {
    const rows = [...page('docs/reference/errors.md').matchAll(/^\| `(ERR_\w+)` \| `(\w+)` \|/gm)]
    expect(rows.map((row) => row[1])).toEqual([...ERROR_CODES])
    const exported = millrace as unknown as Readonly<Record<string, unknown>>
    for (const [, code, name] of rows) {
      expect(exported[name!], name).toBeTypeOf('function')
      const declared = page('src/errors.ts').split(`export class ${name} `)[1]!.split('\nexport ')[0]
      if (code !== 'ERR_MILLRACE_TASK_TIMEOUT') expect(declared, name).toContain(code)
    }
  })

  test('lists every event', async () => {
    const ctx = new Context()
    expect(() => ctx.on('nonsense' as never, () => {})).toThrow('Events: ')
    const known = /Events: (.*)\./.exec(messageOf(() => ctx.on('nonsense' as never, () => {})))![1]!.split(', ')
    const events = page('docs/reference/events.md').split('\n## ').slice(1).flatMap(firstNames)
    expect(events.sort()).toEqual(known.sort())
    const sources = readdirSync(join(ROOT, 'src/engine'), { recursive: true, encoding: 'utf8' })
    const code = sources.filter((name) => name.endsWith('.ts')).map((name) => page(`src/engine/${name}`))
    const cells = [...page('docs/reference/events.md').matchAll(/^\| `\w+` \|.*\| ([^|]*) \|$/gm)].map((row) => row[1]!)
    const fields = new Set(cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1]!)))
    fields.delete('BatchInfo')
    for (const field of fields)
      expect(
        code.some((text) => new RegExp(`readonly ${field}\\b`).test(text)),
        field,
      ).toBe(true)
    await ctx.stop()
  })
})

describe('docs/reference/operations.md', () => {
  const operations = page('docs/reference/operations.md')
  const datasets = listed(section(operations, '## Datasets (RDDs)'))
  const streams = listed(section(operations, '## Streams'))

  test('lists every method of datasets, every source and shared value', () => {
    const sources = methods(RddBuilder, ['parallelism'])
    // union is a method of both.
    const existing = new Set([...methods(RddFacade, ['id', 'name', 'partitioner']), ...sources])
    expect([...new Set(datasets)].sort()).toEqual([...existing].sort())
  })

  test('lists every method of streams, and every source', () => {
    const sources = methods(StreamBuilder, ['input', 'batchInterval', 'outputNames', 'printer'])
    // union and transform are methods of both.
    const existing = new Set([...methods(StreamFacade, ['slideDuration']), ...sources])
    expect([...new Set(streams)].sort()).toEqual([...existing].sort())
  })

  test('its output operations are those that a context counts as such', async () => {
    const ssc = new StreamingContext({ batchInterval: '1s' })
    const stream = ssc.queueStream([[1]])
    const table = section(operations, '## Streams').split('| Output operation |')[1]!
    for (const name of listed(table))
      (stream as unknown as Record<string, (text: unknown) => void>)[name]!(argument(name))
    const labels = streamNode(stream).graph.outputs.map(({ label }) => label.replace(/\(.*/, ''))
    expect(labels).toEqual(listed(table))
    await ssc.stop()
  })
})

function argument(output: string): unknown {
  if (output === 'writeTo')
    return { name: 'sink', writer: { module: 'file:///writer.js', export: 'writer' }, commit() {} }
  return output === 'foreachRDD' ? () => undefined : output === 'print' ? 10 : 'name'
}

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

test.each(pages)('%s has no marks of a merge', (path) => {
  expect(page(path)).not.toMatch(/^(?:<{7}|={7}$|>{7})/m)
})

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  const headings = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/^#+ (.*)$/gm)
  return [...headings].map((match) =>
    match[1]!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test.each(pages)('links of %s lead somewhere', (path) => {
  const text = page(path).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
  for (const [, target, anchor] of text.matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)) {
    const file = target === '' ? path : join(dirname(path), target!)
    expect(existsSync(join(ROOT, file)), file).toBe(true)
    if (anchor !== undefined) expect(anchors(page(file)), `${file}#${anchor}`).toContain(anchor)
  }
})

describe('docs/guarantees.md', () => {
  const sections = page('docs/guarantees.md').split('\n## ').slice(1)

  test.each(sections.map((text) => [text.split('\n')[0]!, text] as const))('%s: names its tests', (_, text) => {
    let folder = ''
    const files = [...text.matchAll(/`((?:test\/)?[\w./-]+\.test\.ts)`/g)].map(([, path]) => {
      if (path!.startsWith('test/')) folder = dirname(path!)
      return path!.startsWith('test/') ? path! : `${folder}/${path}`
    })
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true)
  })
})
