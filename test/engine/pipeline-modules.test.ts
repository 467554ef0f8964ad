import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ManualClock, StreamingContext } from 'millrace'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { eventually } from '../support/eventually.js'
import { gather, run, sorted } from './support.js'

// Inside the repository, so that the modules find the package by its name.
const folder = new URL('./.pipelines/', import.meta.url)
let number = 0
function moduleOf(text: string, extension = 'mjs'): URL {
  const url = new URL(`pipeline-${process.pid}-${number++}.${extension}`, folder)
  writeFileSync(url, text)
  return url
}
beforeAll(() => void mkdirSync(folder, { recursive: true }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})
async function fromPipeline(url: URL, params: Record<string, unknown> = {}, threads = 2): Promise<StreamingContext> {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const ssc = await StreamingContext.fromPipeline(url, {
    batchInterval: 1000,
    threads,
    params,
    clock: new ManualClock(0),
    logger: quiet,
  })
  open.push(ssc)
  return ssc
}

test('a module whose top-level await never ends is an error that names it, and no endless wait', async () => {
  const url = moduleOf('await new Promise(() => {})\nexport default () => {}')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const failed = fromPipeline(url).catch((error: unknown) => error)
    await eventually(() => expect(vi.getTimerCount()).toBe(1))
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await failed).toMatchObject({
      code: 'ERR_MILLRACE_PIPELINE',
      message: expect.stringMatching(
        /^The pipeline module file:.*pipeline-.* cannot be loaded: its top-level await has not ended within 30 s/,
      ),
    })
  } finally {
    vi.useRealTimers()
  }
})

describe('pipeline modules', () => {
  test('closures, imports and parameters work as they are', async () => {
    const url = moduleOf(`
      import { basename } from 'node:path'
      import { definePipeline } from 'millrace'
      const shout = (text) => text.toUpperCase()
      export default definePipeline((ssc, { suffix }) => {
        const seen = ssc.pushStream('paths')
        seen.map((path) => shout(basename(path)) + suffix).output('names')
      })`)
    const ssc = await fromPipeline(url, { suffix: '!' })
    await ssc.start()
    const names = gather<string>(ssc, 'names')
    await run(ssc, 1, () => void ssc.pushHandle<string>('paths').push('/a/b', '/c/d'))
    await ssc.stop()
    expect((await names)[0]!.records).toEqual(['B!', 'D!'])
  })

  test('kernels run closures over constants of the module and over parameters', async () => {
    const url = moduleOf(`
      import { definePipeline } from 'millrace'
      const least = 3
      export default definePipeline((ssc, { directory, word }) => {
        const lines = ssc
          .textFileStream(directory, { newFilesOnly: false })
          .filter((line) => line.includes(word))
          .filter((line) => line.length > least)
        lines.output('lines')
        lines.foreachRDD((rdd) => void (globalThis.described = rdd.toDebugString()))
      })`)
    const directory = mkdtempSync(new URL('lines-', folder))
    writeFileSync(join(directory, 'one'), 'a b\nb\nb c d\nc d e\n')
    utimesSync(join(directory, 'one'), 0.5, 0.5)
    const ssc = await fromPipeline(url, { directory, word: 'b' })
    await ssc.start()
    const lines = gather<string>(ssc, 'lines')
    await run(ssc, 1)
    expect((globalThis as { described?: string }).described?.match(/known to kernels/g)).toHaveLength(2)
    await ssc.stop()
    expect((await lines)[0]!.records).toEqual(['b c d'])
  })

  test('no function runs before a batch, whatever kernels might do in its place', async () => {
    const calls = new URL(`calls-${process.pid}`, folder)
    const url = moduleOf(`
      import { appendFileSync } from 'node:fs'
      import { definePipeline } from 'millrace'
      const called = (name, result) => (appendFileSync(new URL(${JSON.stringify(calls.href)}), name + '\\n'), result)
      const JSON = { parse: (text) => called('JSON.parse', { id: text }) }
      const Number = (text) => called('Number', text.length)
      const Math = { max: (a, b) => called('Math.max', a > b ? a : b) }
      export default definePipeline((ssc) => {
        ssc
          .pushStream('lines')
          .map((line) => JSON.parse(line).id)
          .map((line) => ['all', Number(line)])
          .reduceByKey((a, b) => Math.max(a, b))
          .output('longest')
      })`)
    const ssc = await fromPipeline(url)
    await ssc.start()
    expect(existsSync(calls)).toBe(false)
    const longest = gather<[string, number]>(ssc, 'longest')
    await run(ssc, 1, () => void ssc.pushHandle<string>('lines').push('{}', '[1]'))
    await ssc.stop()
    expect((await longest)[0]!.records).toEqual([['all', 3]])
    expect(readFileSync(calls, 'utf8').split('\n')).toEqual(
      expect.arrayContaining(['JSON.parse', 'Number', 'Math.max']),
    )
  })

  test('custom partitioners of operators that keep state', async () => {
    const url = moduleOf(`
      import { customPartitioner, definePipeline, StateSpec } from 'millrace'
      const parts = 3
      export default definePipeline((ssc) => {
        const batches = Array.from({ length: 3 }, () => [[1, 1000], [2, 2000], [3, 3000], [4, 9000]])
        const pairs = ssc.queueStream(batches)
        // Each with a function of its own: one that another operator records would be found.
        const place = () => customPartitioner(3, (key) => key % parts)
        const count = (values, total) => values.length + (total ?? 0)
        pairs.updateStateByKey(count, { partitions: place() }).output('update')
        const spec = StateSpec.function((key, value, state) => {
          state.update((state.getOption() ?? 0) + 1)
          return [key, state.get()]
        })
        pairs.mapWithState(spec.numPartitions(place())).output('map')
        const ones = pairs.mapValues(() => 1)
        ones.reduceByKeyAndWindow((a, b) => a + b, '9s', '1s', { inverse: (a, b) => a - b, partitions: place() }).output('window')
        ones.groupByKeyAndWindow('9s', '1s', place()).mapValues((all) => all.length).output('group')
        const timed = pairs.withTimestamps(([, time]) => time)
        const text = ({ key, value }) => [key, value]
        timed.tumbling('1s', { partitions: place() }).countByKey().map(text).output('event')
      })`)
    const ssc = await fromPipeline(url)
    await ssc.start()
    const names = ['update', 'map', 'window', 'group', 'event']
    const outputs = Promise.all(names.map((name) => gather<[number, number]>(ssc, name)))
    await run(ssc, 3)
    await ssc.stop()
    const got = (await outputs).map((batches) => sorted(batches[2]!.records))
    const counted = sorted([1, 2, 3, 4].map((key) => [key, 3]))
    expect(got).toEqual([counted, counted, counted, counted, []])
  })

  test('TypeScript modules, which import TypeScript', async () => {
    const helper = moduleOf('export const double = (x: number): number => x * 2\n', 'ts')
    const url = moduleOf(
      `import { definePipeline } from 'millrace'
       import { double } from '${helper.href.split('/').at(-1)!.replace(/^/, './')}'
       interface Point { readonly x: number }
       export default definePipeline<{ by: number }>((ssc, { by }) => {
         ssc.queueStream<Point>([[{ x: 1 }, { x: 2 }]]).map((p: Point) => double(p.x) + by).output('out')
       })`,
      'ts',
    )
    const ssc = await fromPipeline(url, { by: 10 })
    await ssc.start()
    const out = gather<number>(ssc, 'out')
    await run(ssc, 1)
    await ssc.stop()
    expect((await out)[0]!.records).toEqual([12, 14])
  })

  test('inside transform and foreachRDD exported functions travel by name, others as text', async () => {
    const url = moduleOf(`
      import { definePipeline } from 'millrace'
      const table = new Map([[1, 'one'], [2, 'two']])
      export const nameOf = (n) => table.get(n) ?? 'many'
      export default definePipeline((ssc) => {
        ssc.queueStream([[1, 2, 3]]).transform((rdd) => rdd.filter((n) => n > 1).map(nameOf)).output('out')
      })`)
    const ssc = await fromPipeline(url)
    await ssc.start()
    const out = gather<string>(ssc, 'out')
    await run(ssc, 1)
    await ssc.stop()
    expect((await out)[0]!.records).toEqual(['two', 'many'])
  })

  test('the results survive the death of every thread between batches', async () => {
    const url = moduleOf(`
      import { definePipeline } from 'millrace'
      export default definePipeline((ssc) => {
        ssc.pushStream('words').countByValueAndWindow('1h').output('counts')
      })`)
    const ssc = await fromPipeline(url)
    await ssc.start()
    const counts = gather(ssc, 'counts')
    const input = ssc.pushHandle<string>('words')
    await run(ssc, 3, async () => {
      input.push('a', 'b', 'a')
      await Promise.all(
        localEngineOf(ssc)
          .pool!.threads()
          .map((thread) => thread.worker.terminate()),
      )
    })
    await ssc.stop()
    expect(sorted((await counts)[2]!.records)).toEqual(['["a",6]', '["b",3]'])
  })
})

describe('modules that are wrong', () => {
  test('not there', async () => {
    await expect(fromPipeline(new URL('nothing-here.mjs', folder))).rejects.toMatchObject({
      code: 'ERR_MILLRACE_PIPELINE',
      message: expect.stringContaining('nothing-here.mjs'),
    })
  })
  test('no default export, or one that is no pipeline', async () => {
    await expect(fromPipeline(moduleOf('export const x = 1'))).rejects.toThrow(/no default export.*definePipeline/)
    await expect(fromPipeline(moduleOf('export default 5'))).rejects.toThrow(/default export that is not a pipeline/)
  })
  test('a fault in the module keeps its cause', async () => {
    await expect(fromPipeline(moduleOf(`throw new RangeError('at import')`))).rejects.toMatchObject({
      code: 'ERR_MILLRACE_PIPELINE',
      cause: { message: 'at import' },
    })
  })
  test('without an output', async () => {
    const ssc = await fromPipeline(
      moduleOf(
        `import { definePipeline } from 'millrace'\nexport default definePipeline((ssc) => { ssc.queueStream([[1]]) })`,
      ),
    )
    await expect(ssc.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_GRAPH' })
  })
  test('a graph that differs between threads: the first difference is named', async () => {
    const ssc = await fromPipeline(
      moduleOf(`
        import { isMainThread, threadId } from 'node:worker_threads'
        import { definePipeline } from 'millrace'
        export default definePipeline((ssc, { driver }) => {
          const stream = ssc.queueStream([[1]])
          ;(threadId === driver ? stream.map((x) => x + 1) : stream.filter((x) => x > 1)).output('out')
        })`),
      { driver: (await import('node:worker_threads')).threadId },
    )
    await expect(ssc.start()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_FINGERPRINT',
      message: expect.stringMatching(/the driver has '1 map.*', the worker '1 filter/),
    })
  })

  // The test runner loads modules of the host by itself, Node those of a driver thread.
  const inThread = (url: URL) => StreamingContext.fromPipeline(url, { batchInterval: 1000, driver: 'thread' })

  test('a fault of syntax names file, line and column, in the module or in what it imports', async () => {
    const bad = moduleOf('export const x = 1\nexport const y = = 2\n')
    await expect(inThread(bad)).rejects.toMatchObject({
      code: 'ERR_MILLRACE_PIPELINE',
      message: expect.stringMatching(/Unexpected token '=' at .*pipeline-\d+-\d+\.mjs:2:18/),
      cause: { name: 'SyntaxError' },
    })
    const between = moduleOf(`export { x } from '${bad.href.replace(/.*\//, './')}'`)
    const importing = moduleOf(`import { x } from '${between.href.replace(/.*\//, './')}'\nexport default x`)
    await expect(inThread(importing)).rejects.toThrow(`at ${fileURLToPath(bad)}:2:18`)
  })

  test('an import of what a module does not export names file and line', async () => {
    const url = moduleOf(`\nimport { definePipelin } from 'millrace'\nexport default definePipelin(() => {})`)
    await expect(inThread(url)).rejects.toThrow(
      `does not provide an export named 'definePipelin' at ${fileURLToPath(url)}:2`,
    )
  })

  test.each(['host', 'thread'] as const)(
    'an error in the pipeline function is wrapped, with its place: %s',
    async (driver) => {
      const url = moduleOf(`import { definePipeline } from 'millrace'
      export default definePipeline(() => {
        JSON.parse('{')
      })`)
      const opened = StreamingContext.fromPipeline(url, { batchInterval: 1000, driver })
      await expect(opened).rejects.toMatchObject({
        code: 'ERR_MILLRACE_PIPELINE',
        message: expect.stringContaining('The pipeline function of'),
        stack: expect.stringMatching(/^PipelineError: .*\n.*pipeline-\d+-\d+\.mjs:3:14/),
        cause: { name: 'SyntaxError' },
      })
    },
  )

  test('arguments that an operation refuses stay what they are', async () => {
    const url = moduleOf(`import { definePipeline } from 'millrace'
      export default definePipeline((ssc) => void ssc.queueStream(5))`)
    await expect(fromPipeline(url)).rejects.toMatchObject({ code: 'ERR_MILLRACE_ARGUMENT' })
  })

  test('a port that is taken by a listener at the top of the module: the error says what happened and why', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    // The error comes as an event, while the module waits.
    const url = moduleOf(`import { createServer } from 'node:http'
      import { definePipeline } from 'millrace'
      createServer().listen(${port}, '127.0.0.1')
      export default definePipeline((ssc) => ssc.queueStream([[1]]).output('out'))
      await new Promise(() => {})`)
    const opened = StreamingContext.fromPipeline(url, { batchInterval: 1000, driver: 'thread' })
    await expect(opened).rejects.toMatchObject({
      reason: 'uncaught',
      message: expect.stringMatching(/EADDRINUSE.*every worker thread import/),
      cause: { code: 'EADDRINUSE' },
    })
    await expect(opened).rejects.not.toThrow(/exit code/)
    holder.close()
  })
})
