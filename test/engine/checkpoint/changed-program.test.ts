import {
  type DirectSource,
  type DStream,
  type FileRange,
  StateSpec,
  type StreamingContext,
  type StreamingOptions,
  withEnv,
} from 'millrace'
import { describe, expect, test } from 'vitest'
import { run } from '../support.js'
import { known, listed, scratch } from './support.js'

const { directory, manual } = scratch()

type Batches = [time: number, records: unknown[]][]
type Program = (ssc: StreamingContext) => Record<string, Batches>

const total = (values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)
/** Batch i, from 1, has the number i; `key` names the chain of operations before the state. */
const numbers = (ssc: StreamingContext) => known(ssc, (i) => [i])
const keyed = (ssc: StreamingContext) => numbers(ssc).map((n): [string, number] => ['sum', n])
const summed = (ssc: StreamingContext) => keyed(ssc).updateStateByKey(total)

/** Runs programs one after the other on one directory, each for so many batches of its interval, and stops each. */
async function runs(...programs: readonly Run[]): Promise<Record<string, Batches>[]> {
  const at = directory()
  const results: Record<string, Batches>[] = []
  let now = 0
  for (const { program, batches = 3, dropState, options } of programs) {
    const { ssc, clock } = manual(now, { checkpointDir: at, ...options })
    const result = program(ssc)
    await ssc.start(dropState ? { dropState } : {})
    await run(ssc, batches)
    await ssc.stop()
    now = clock.now()
    results.push(result)
  }
  return results
}

interface Run {
  readonly program: Program
  readonly batches?: number
  readonly dropState?: readonly string[]
  readonly options?: Partial<StreamingOptions>
}

/** The error of the last program's start. */
async function refused(...programs: readonly Run[]): Promise<string> {
  const error = await runs(...programs).then(
    () => new Error('it started'),
    (reason: Error & { code?: string }) => reason,
  )
  expect(error).toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
  return error.message
}

const recordsOf = (batches: Batches | undefined) => batches!.map(([, records]) => records)
const sums = (...values: number[]) => values.map((value) => [['sum', value]])

describe('operations of another program', () => {
  test('an unrelated stream before and after leaves the state where it is', async () => {
    const before: Program = (ssc) => ({ sums: listed(summed(ssc)) })
    const after: Program = (ssc) => {
      const other = listed(ssc.pushStream<string>('other').countByWindow('2s'))
      const result = { sums: listed(summed(ssc)), other }
      listed(ssc.pushStream<string>('more').countByValueAndWindow('2s'))
      return result
    }
    const [, second] = await runs({ program: before }, { program: after })
    expect(recordsOf(second!.sums)).toEqual(sums(10, 15, 21))
  })

  test('states of different chains may change their order', async () => {
    const one = (ssc: StreamingContext) => listed(summed(ssc))
    const two = (ssc: StreamingContext) =>
      listed(
        numbers(ssc)
          .filter((n) => n % 2 === 0)
          .map((n): [string, number] => ['sum', n])
          .updateStateByKey(total),
      )
    const [, second] = await runs(
      { program: (ssc) => ({ one: one(ssc), two: two(ssc) }) },
      { program: (ssc) => ({ two: two(ssc), one: one(ssc) }) },
    )
    expect(recordsOf(second!.one)).toEqual(sums(10, 15, 21))
    expect(recordsOf(second!.two)).toEqual(sums(6, 6, 12))
  })

  test('states of equal chains may change their order if they have uids', async () => {
    const named = (ssc: StreamingContext, uid: string, start: number) =>
      listed(
        numbers(ssc)
          .map((n): [string, number] => ['sum', n])
          .updateStateByKey(
            withEnv({ start }, (values: number[], sum: number | undefined) => (sum ?? start) + values.length),
          )
          .uid(uid),
      )
    const [first, second] = await runs(
      { program: (ssc) => ({ a: named(ssc, 'a', 0), b: named(ssc, 'b', 100) }), batches: 2 },
      { program: (ssc) => ({ b: named(ssc, 'b', 0), a: named(ssc, 'a', 0) }), batches: 1 },
    )
    expect([recordsOf(first!.a), recordsOf(first!.b)]).toEqual([sums(1, 2), sums(101, 102)])
    expect([recordsOf(second!.a), recordsOf(second!.b)]).toEqual([sums(3), sums(103)])
  })

  test('one more state of an equal chain, without uids: the error names those that are ambiguous', async () => {
    const twice: Program = (ssc) => ({ a: listed(summed(ssc)), b: listed(summed(ssc)) })
    const thrice: Program = (ssc) => ({ ...twice(ssc), c: listed(summed(ssc)) })
    const message = await refused({ program: twice, batches: 1 }, { program: thrice })
    expect(message).toContain(
      '"updateStateByKey(map(known)) (1 of 2)": nothing in this program continues its state; "updateStateByKey(map(known)) (2 of 2)"',
    )
    expect(message).toContain('without data there: "updateStateByKey(map(known)) (1 of 3)"')
  })

  test('a state that no operation continues: the error names it, and dropState drops it', async () => {
    const both: Program = (ssc) => ({ sums: listed(summed(ssc)), counts: listed(numbers(ssc).countByWindow('2s')) })
    const rest: Program = (ssc) => ({ counts: listed(numbers(ssc).countByWindow('2s')) })
    const uid = 'updateStateByKey(map(known))'
    const message = await refused({ program: both }, { program: rest })
    expect(message).toMatch(/checkpoint-3000-1 does not fit this program: /)
    expect(message).toContain(`"${uid}": nothing in this program continues its state.`)
    expect(message).toContain(`start({ dropState: ["${uid}"] })`)
    const [, second, third] = await runs(
      { program: both },
      { program: rest, dropState: [uid] },
      { program: both, batches: 1 },
    )
    expect(recordsOf(second!.counts)).toEqual([[2], [2], [2]])
    expect(recordsOf(third!.sums)).toEqual(sums(7))
  })

  test('getOrCreate takes dropState as well', async () => {
    const { StreamingContext: Context } = await import('millrace')
    const at = directory()
    const first = manual(0, { checkpointDir: at })
    listed(summed(first.ssc))
    await first.ssc.start()
    await run(first.ssc, 2)
    await first.ssc.stop()
    const second = manual(2000)
    const counts = listed(numbers(second.ssc).countByWindow('2s'))
    const uid = 'updateStateByKey(map(known))'
    const ssc = await Context.getOrCreate(at, () => second.ssc, { dropState: [uid] })
    await ssc.start()
    await run(ssc, 1)
    expect(recordsOf(counts)).toEqual([[1]])
    expect(second.log.join()).toContain(`dropState: the checkpoint's data of "${uid}" is dropped`)
    await expect(Context.getOrCreate(at, () => second.ssc, { dropState: 'x' as never })).rejects.toThrow(
      'dropState is "x"; it must be a list of uids',
    )
  })

  test('state follows its uid to another place, also one that was derived', async () => {
    const moved =
      (uid: string): Program =>
      (ssc) => ({
        sums: listed(
          numbers(ssc)
            .filter((n) => n > 0)
            .map((n): [string, number] => ['sum', n])
            .updateStateByKey(total)
            .uid(uid),
        ),
      })
    const named: Program = (ssc) => ({ sums: listed(summed(ssc).uid('sums')) })
    const [, second] = await runs({ program: named }, { program: moved('sums') })
    expect(recordsOf(second!.sums)).toEqual(sums(10, 15, 21))
    const derived: Program = (ssc) => ({ sums: listed(summed(ssc)) })
    const [, third] = await runs({ program: derived }, { program: moved('updateStateByKey(map(known))') })
    expect(recordsOf(third!.sums)).toEqual(sums(10, 15, 21))
  })

  test('a uid names the operation behind a window or an event-time stream, whatever streams it consists of', async () => {
    const program =
      (change: boolean): Program =>
      (ssc) => {
        const input = change ? numbers(ssc).filter(() => true) : numbers(ssc)
        const events = input.map((n) => n * 1000).withTimestamps((time) => time)
        return {
          counts: listed(input.countByWindow('3s').uid('counts')),
          lists: listed(input.window('2s').uid('lists')),
          events: listed(events.uid('events').tumbling('2s').count().uid('windows')),
        }
      }
    const [whole] = await runs({ program: program(false), batches: 6 })
    const [first, second] = await runs({ program: program(false) }, { program: program(true) })
    for (const name of ['counts', 'lists', 'events'])
      expect([...recordsOf(first![name]), ...recordsOf(second![name])]).toEqual(recordsOf(whole![name]))
  })

  test('new state and new windows begin empty, also where another window has the data', async () => {
    const [, third] = await runs(
      { program: (ssc) => ({ old: listed(numbers(ssc).window('3s').uid('old')) }) },
      {
        program: (ssc) => {
          const input = numbers(ssc)
          const windows = { old: listed(input.window('3s').uid('old')), added: listed(input.window('3s').uid('added')) }
          return { ...windows, counts: listed(input.countByWindow('3s')), sums: listed(summed(ssc)) }
        },
        batches: 2,
      },
    )
    expect(recordsOf(third!.old)).toEqual([
      [2, 3, 4],
      [3, 4, 5],
    ])
    expect(recordsOf(third!.added)).toEqual([[4], [4, 5]])
    expect(recordsOf(third!.counts)).toEqual([[1], [2]])
    expect(recordsOf(third!.sums)).toEqual(sums(4, 9))
  })

  test('an operation of another kind under the same uid: the error names both', async () => {
    const spec = StateSpec.function<string, number, number, number>((_, n, state) => {
      state.update((state.getOption() ?? 0) + n!)
      return state.get()
    })
    const message = await refused(
      { program: (ssc) => ({ sums: listed(summed(ssc).uid('sums')) }), batches: 1 },
      { program: (ssc) => ({ sums: listed(keyed(ssc).mapWithState(spec).uid('sums')) }) },
    )
    expect(message).toContain("\"sums\": it was 'updateStateByKey' and is 'mapWithState'")
  })

  test('event-time windows of another size do not fit', async () => {
    const program =
      (size: string): Program =>
      (ssc) => ({
        counts: listed(
          numbers(ssc)
            .withTimestamps((n) => n * 1000)
            .tumbling(size)
            .count()
            .uid('counts'),
        ),
      })
    const message = await refused({ program: program('2s'), batches: 2 }, { program: program('3s') })
    expect(message).toContain(
      "it was 'count kind=fixed size=2000 slide=2000 offset=0' and is 'count kind=fixed size=3000 slide=3000 offset=0'",
    )
  })
})

describe('uids', () => {
  const fresh = () => {
    const { ssc } = manual(0)
    return ssc.pushStream<[string, number]>('words')
  }

  test.each<[string, (words: DStream<[string, number]>) => unknown, string]>([
    ['empty', (words) => words.uid(''), 'uid(""): the id must be a text of 1 to 200 characters'],
    ['no text', (words) => words.uid(7 as never), 'uid(7): the id must be a text'],
    ['too long', (words) => words.uid('x'.repeat(201)), 'the id must be a text of 1 to 200 characters'],
    [
      'given twice',
      (words) => [words.updateStateByKey(total).uid('a'), words.window('2s').uid('a')],
      'uid("a"): updateStateByKey(words) has this uid already. Each operation needs a uid of its own.',
    ],
    ['of an operation that has one', (words) => words.uid('a').uid('b'), 'the operation has the uid "a" already'],
  ])('%s: an ArgumentError', (_, name, message) => {
    expect(() => name(fresh())).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_ARGUMENT' }))
    expect(() => name(fresh())).toThrow(message)
  })

  test('the derived id of another operation is refused at the start', async () => {
    const { ssc } = manual(0)
    const words = ssc.pushStream<[string, number]>('words')
    listed(words.updateStateByKey(total))
    listed(words.window('2s').uid('updateStateByKey(words)'))
    await expect(ssc.start()).rejects.toThrow('this is the derived id of another operation')
  })

  test('not after start()', async () => {
    const { ssc } = manual(0)
    const words = ssc.pushStream<string>('words')
    listed(words)
    await ssc.start()
    expect(() => words.uid('words')).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_STATE' }))
  })
})

describe('positions of direct sources', () => {
  /** Yields in each batch the next number, and has the position after it. */
  const counter = (ssc: StreamingContext, uid?: string) => {
    const source: DirectSource<FileRange> = {
      kind: 'direct',
      name: 'counter',
      create: () => {
        let next = 1
        return {
          open: async (_zero, _interval, position) => void (next = (position as number) ?? 1),
          next: async () => ({ partitions: [], description: String(next++) }),
          position: () => next,
          close: async () => {},
        }
      },
    }
    const stream = ssc.input(source)
    if (uid !== undefined) stream.uid(uid)
    const read: Batches = []
    ssc.on('batchCompleted', ({ time, inputs }) => {
      const mine = inputs.filter(({ name }) => name === 'counter')
      read.push([time, mine.map(({ description }) => Number(description))])
    })
    stream.foreachRDD(() => {})
    return read
  }

  test('one that the program reads no more: the error names it, and dropState drops its position', async () => {
    const both: Program = (ssc) => ({ read: counter(ssc, 'counter'), sums: listed(summed(ssc)) })
    const rest: Program = (ssc) => ({ sums: listed(summed(ssc)) })
    const message = await refused({ program: both }, { program: rest })
    expect(message).toContain('"counter": nothing in this program continues its position.')
    expect(message).toContain('start({ dropState: ["counter"] })')
    const [, second, third] = await runs(
      { program: both },
      { program: rest, dropState: ['counter'] },
      { program: both, batches: 1 },
    )
    expect(recordsOf(second!.sums)).toEqual(sums(10, 15, 21))
    expect(recordsOf(third!.read)).toEqual([[1]])
  })

  test('one that is new begins at its start, and the others at their positions', async () => {
    const [, second] = await runs(
      { program: (ssc) => ({ read: counter(ssc, 'first') }) },
      { program: (ssc) => ({ added: counter(ssc, 'second'), read: counter(ssc, 'first') }), batches: 2 },
    )
    expect(recordsOf(second!.read)).toEqual([
      [1, 4],
      [2, 5],
    ])
  })

  test('a position follows its uid behind other operations and past other sources', async () => {
    const [, second] = await runs(
      { program: (ssc) => ({ read: counter(ssc, 'mine') }) },
      {
        program: (ssc) => {
          listed(numbers(ssc).countByWindow('2s'))
          return { read: counter(ssc, 'mine') }
        },
        batches: 1,
      },
    )
    expect(recordsOf(second!.read)).toEqual([[4]])
  })

  test('another uid: the error names the position and the source without data', async () => {
    const message = await refused(
      { program: (ssc) => ({ read: counter(ssc, 'before') }) },
      { program: (ssc) => ({ read: counter(ssc, 'after') }) },
    )
    expect(message).toContain('"before": nothing in this program continues its position.')
  })

  test('an input of another kind under the uid: the error names both', async () => {
    const message = await refused(
      { program: (ssc) => ({ read: counter(ssc, 'input') }) },
      { program: (ssc) => ({ words: listed(ssc.pushStream<string>('words').uid('input')) }) },
    )
    expect(message).toContain("\"input\": it was 'input (direct)' and is 'input (receiver)'")
  })

  test('dropState lets a source that is still read begin at its start', async () => {
    const program: Program = (ssc) => ({ read: counter(ssc, 'counter') })
    const [, second] = await runs({ program }, { program, batches: 1, dropState: ['counter'] })
    expect(recordsOf(second!.read)).toEqual([[1]])
  })
})
