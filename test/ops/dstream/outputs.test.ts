import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArgumentError, GraphError, StateError, StreamingContext, TaskFailedError } from 'millrace'
import { ManualClock, runBatches } from 'millrace/testing'
import { afterAll, describe, expect, test } from 'vitest'

/** Runs `build` over the batches and stops. */
async function run<T>(
  batches: (T[] | null)[],
  build: (ssc: StreamingContext, stream: ReturnType<typeof source<T>>) => void,
  threads = 1,
): Promise<void> {
  const clock = new ManualClock()
  await using ssc = new StreamingContext({ batchInterval: 1000, threads, spare: false, clock })
  build(ssc, source(ssc, batches))
  await ssc.start()
  for (const _ of Array.from(batches)) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
}

// The queue is live: the loop above counts the batches beforehand.
const source = <T>(ssc: StreamingContext, batches: (T[] | null)[]) => ssc.queueStream<T>([...batches])

describe('foreachRDD', () => {
  test('is called once a batch with the RDD and the time, in order, and waited for', async () => {
    const seen: unknown[] = []
    await run(
      [[1, 2], [], null, [3]],
      (_, stream) => {
        stream.foreachRDD(async (rdd, time) => {
          seen.push(`begin ${time}`)
          seen.push([await rdd.count(), await rdd.collect()])
        })
      },
      2,
    )
    expect(seen).toEqual(['begin 1000', [2, [1, 2]], 'begin 2000', [0, []], 'begin 4000', [1, [3]]])
  })

  test('output operations of a batch run in the order in which they were added', async () => {
    const seen: string[] = []
    await run([[1], [2]], (_, stream) => {
      stream.foreachRDD(async (rdd, time) => {
        seen.push(`a ${time} ${await rdd.first()}`)
      })
      stream
        .map((x) => -x)
        .foreachRDD(async (rdd, time) => {
          seen.push(`b ${time} ${await rdd.first()}`)
        })
    })
    expect(seen).toEqual(['a 1000 1', 'b 1000 -1', 'a 2000 2', 'b 2000 -2'])
  })

  test('one that fails does not keep the others from running, and the context ends with its error', async () => {
    const seen: string[] = []
    const failing = run([[1], [2]], (_, stream) => {
      stream.foreachRDD(() => {
        throw new RangeError('the first')
      })
      stream.foreachRDD((_rdd, time) => {
        seen.push(`second ${time}`)
      })
    })
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_MILLRACE_OUTPUT_FAILED',
      cause: new RangeError('the first'),
    })
    expect(seen).toEqual(['second 1000'])
  })

  test('an error in a task', async () => {
    const failing = run([[1]], (_, stream) => {
      stream
        .map(() => {
          throw new Error('error in map task')
        })
        .foreachRDD((rdd) => rdd.count())
    })
    await expect(failing).rejects.toThrow(TaskFailedError)
    await expect(failing).rejects.toThrow(/map.*error in map task/)
  })

  test('takes a function', async () => {
    await run([], (_, stream) => {
      expect(() => stream.foreachRDD('x' as never)).toThrow(ArgumentError)
      stream.print()
    })
  })
})

describe('print', () => {
  test.each([
    ['fewer than ten', undefined, [1, 2], ['1', '2']],
    [
      'exactly ten',
      undefined,
      Array.from({ length: 10 }, (_, i) => i),
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    ],
    [
      'more than ten',
      undefined,
      Array.from({ length: 11 }, (_, i) => i),
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '...'],
    ],
    ['as many as asked for', 2, [1, 2, 3], ['1', '2', '...']],
    ['nothing', undefined, [], []],
    [
      'texts as they are, the rest as JSON',
      undefined,
      ['a "b"', ['a', 1], { x: null }],
      ['a "b"', '["a",1]', '{"x":null}'],
    ],
  ])('%s', async (_, n, records, lines) => {
    const printed: unknown[] = []
    await run([records as unknown[]], (ssc, stream) => {
      ssc.printer = (time, given) => {
        printed.push([time, given])
      }
      stream.print(n)
    })
    expect(printed).toEqual([[1000, lines]])
  })

  test('values that JSON refuses do not fail the batch', async () => {
    const printed: string[] = []
    await run([[12n, undefined, Number.NaN, new Map([['a', 1]])]], (ssc, stream) => {
      ssc.printer = (_, lines) => {
        printed.push(...lines)
      }
      stream.print()
    })
    expect(printed).toEqual(['12n', 'undefined', 'NaN', "Map(1) { 'a' => 1 }"])
  })
})

describe('saveAsTextFiles', () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-save-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const contents = (path: string) =>
    Object.fromEntries(
      readdirSync(path)
        .sort()
        .map((name) => [name, readFileSync(join(path, name), 'utf8')]),
    )

  test('one directory a batch, named by its time, one file a partition', async () => {
    await runBatches(
      (_, lines) => {
        lines.saveAsTextFiles(join(directory, 'a'))
        lines.map((line) => [line, 1]).saveAsTextFiles(join(directory, 'b'), 'txt')
        return lines
      },
      [[['x', 'y', 'z'], [], null]],
      { threads: 2 },
    )
    expect(readdirSync(directory).sort()).toEqual(['a-1000', 'a-2000', 'b-1000.txt', 'b-2000.txt'])
    expect(contents(join(directory, 'a-1000'))).toEqual({ _SUCCESS: '', 'part-00000': 'x\n', 'part-00001': 'y\nz\n' })
    expect(contents(join(directory, 'a-2000'))).toEqual({ _SUCCESS: '', 'part-00000': '', 'part-00001': '' })
    expect(contents(join(directory, 'b-1000.txt'))).toMatchObject({
      'part-00000': '["x",1]\n',
      'part-00001': '["y",1]\n["z",1]\n',
    })
  })

  test('a batch that is done again replaces what was there', async () => {
    const prefix = join(directory, 'again')
    const once = (lines: string[], partitions: number) =>
      runBatches(
        (_, s) => {
          s.saveAsTextFiles(prefix)
          return s
        },
        [[lines]],
        { partitions },
      )
    await once(['old', 'older', 'oldest'], 3)
    await once(['new'], 1)
    expect(contents(`${prefix}-1000`)).toEqual({ _SUCCESS: '', 'part-00000': 'new\n' })
  })
})

describe('the graph', () => {
  test('without any output is refused at start', async () => {
    await using ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock: new ManualClock() })
    ssc.queueStream([[1]]).map((x) => x)
    await expect(ssc.start()).rejects.toThrow(GraphError)
    expect(ssc.state).toBe('STOPPED')
  })

  test('is closed after start and after stop', async () => {
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock: new ManualClock() })
    const stream = ssc.queueStream([[1]])
    stream.output('a')
    await ssc.start()
    for (const adding of [() => stream.map((x) => x), () => stream.print(), () => ssc.queueStream([])]) {
      expect(adding).toThrow(StateError)
      expect(adding).toThrow(/start/)
    }
    await ssc.stop()
    expect(() => stream.map((x) => x)).toThrow(/stop/)
  })

  test('output names are each given once', async () => {
    await using ssc = new StreamingContext({ batchInterval: 1000, threads: 1, clock: new ManualClock() })
    const stream = ssc.queueStream([[1]])
    stream.output('a')
    expect(() => stream.output('a')).toThrow(ArgumentError)
    expect(() => stream.output('')).toThrow(ArgumentError)
    expect(() => ssc.output('b')).toThrow(/no output named "b"/)
  })
})
