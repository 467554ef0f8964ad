import { type DeadLetterBatch, ManualClock, StreamingContext } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { packDetails, unpackDetails } from '#build/engine/driver-thread/details-wire.js'
import { asAfterKill, known, scratch } from '../engine/checkpoint/support.js'
import { gather, run } from '../engine/support.js'
import fc from '../support/fast-check.js'
import { CASES, expectSame } from './kinds.js'

const { directory, manual } = scratch()

const KINDS = CASES.filter(({ kind, refused }) => refused === undefined && !/sparse|huge|long|many/.test(kind))
const REFUSED = CASES.filter(({ refused }) => refused !== undefined)

/** A way to build a record: a value of some kind, alone or inside others. */
type Recipe = { readonly kind: number } | { readonly shape: 'list' | 'object' | 'map' | 'set'; readonly of: Recipe[] }

const recipe: fc.Arbitrary<Recipe> = fc.letrec<{ recipe: Recipe }>((tie) => ({
  recipe: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ kind: fc.nat(KINDS.length - 1) }),
    fc.record({
      shape: fc.constantFrom('list', 'object', 'map', 'set'),
      of: fc.array(tie('recipe'), { maxLength: 4 }),
    }),
  ),
})).recipe

/** Builds a record. Two calls share nothing, so the places that keep records cannot pass by reference. */
function build(given: Recipe): unknown {
  if ('kind' in given) return KINDS[given.kind]!.make()
  const parts = given.of.map(build)
  switch (given.shape) {
    case 'list':
      return parts
    case 'object':
      return Object.fromEntries(parts.map((part, i) => [`field${i}`, part]))
    case 'map':
      return new Map(parts.map((part, i) => [i, part]))
    case 'set':
      return new Set(parts)
  }
}

/** Records of every kind, and of any mixture of kinds. */
const recipes = fc
  .array(recipe, { minLength: 1, maxLength: 30 })
  .map((mixed): Recipe[] => [...KINDS.map((_, kind) => ({ kind })), ...mixed])

type Numbered = [number, unknown]
const numbered = (from: readonly Recipe[]): Numbered[] => from.map((each, i) => [i, build(each)])

/** Fails unless the records are those of the recipes, each once, in any order. */
function expectAll(records: readonly Numbered[], from: readonly Recipe[]): void {
  const byNumber = new Map(records)
  expect([records.length, byNumber.size]).toEqual([from.length, from.length])
  for (const [i, each] of from.entries()) expectSame(byNumber.get(i), build(each))
}

const check = (property: (from: Recipe[]) => Promise<void>) =>
  fc.assert(fc.asyncProperty(recipes, property), { numRuns: 3, interruptAfterTimeLimit: 30_000 })

describe('a record comes back equal', () => {
  test('from queueStream, and through a stream that is persisted on disk and read twice', async () => {
    await check(async (from) => {
      const { ssc } = manual(0)
      const stream = ssc.queueStream([numbered(from)]).persist('disk')
      stream.output('one')
      stream.map((x) => x).output('two')
      const outputs = [gather<Numbered>(ssc, 'one'), gather<Numbered>(ssc, 'two')]
      await ssc.start()
      await run(ssc, 1)
      await ssc.stop()
      for (const output of outputs) expectAll((await output)[0]!.records, from)
    })
  })

  test('from push, through a shuffle', async () => {
    await check(async (from) => {
      const { ssc } = manual(0)
      const input = ssc.pushStream<Numbered>('in')
      input
        .groupByKey(2)
        .flatMap(([i, values]) => values.map((value): Numbered => [i, value]))
        .output('out')
      const output = gather<Numbered>(ssc, 'out')
      await ssc.start()
      void input.pushAll(numbered(from))
      await run(ssc, 1)
      await ssc.stop()
      expectAll((await output)[0]!.records, from)
    })
  })

  test('in a dead letter: in the event, and in the stream of letters', async () => {
    await check(async (from) => {
      const { ssc } = manual(0, { deadLetterLimit: 10_000 })
      const letters: DeadLetterBatch[] = []
      ssc.on('deadLetters', (batch) => void letters.push(batch))
      const records = ssc.queueStream([numbered(from)]).map(
        (_): number => {
          throw new Error('refused')
        },
        { onRecordError: 'dead-letter' },
      )
      records.output('none')
      records.deadLetters().output('letters')
      const output = gather<{ record: Numbered }>(ssc, 'letters')
      await ssc.start()
      await run(ssc, 1)
      await ssc.stop()
      const recordsOf = (batch: DeadLetterBatch) => batch.letters.map(({ record }) => record as Numbered)
      expectAll(letters.flatMap(recordsOf), from)
      // A driver in a thread of its own sends its events so.
      const sent = structuredClone(letters.map((batch) => packDetails(batch)))
      expectAll(
        sent.flatMap((batch) => recordsOf(unpackDetails(batch) as DeadLetterBatch)),
        from,
      )
      expectAll(
        (await output)[0]!.records.map(({ record }) => record),
        from,
      )
    })
  })

  test('in state and in a window, after a restart from a checkpoint', async () => {
    await check(async (from) => {
      const at = directory()
      const open = (checkpointDir: string, zero: number) => {
        const opened = manual(zero, { checkpointDir })
        const pairs = known<Numbered>(opened.ssc, (i) => (i === 1 ? numbered(from) : []))
        pairs
          .updateStateByKey((values: unknown[], state: { value: unknown } | undefined) =>
            values.length > 0 ? { value: values[0] } : state,
          )
          .map(([i, { value }]): Numbered => [i, value])
          .output('state')
        const pushed = opened.ssc.pushStream<Numbered>('in')
        pushed.window('1h', '1s').output('window')
        return { ...opened, pushed }
      }
      const first = open(at, 0)
      await first.ssc.start()
      void first.pushed.pushAll(numbered(from))
      await run(first.ssc, 2)
      const second = open(asAfterKill(at, directory()), 2000)
      await first.ssc.stop()
      const outputs = [gather<Numbered>(second.ssc, 'state'), gather<Numbered>(second.ssc, 'window')]
      await second.ssc.start()
      await run(second.ssc, 2)
      await second.ssc.stop()
      for (const output of outputs) expectAll((await output).at(-1)!.records, from)
    })
  })
})

describe('from a driver in a thread of its own', () => {
  test('a record comes back equal', async () => {
    const clock = new ManualClock(0)
    const module = new URL('../engine/driver-pipelines/kinds.mjs', import.meta.url)
    const ssc = await StreamingContext.fromPipeline(module, {
      batchInterval: 1000,
      threads: 1,
      spare: false,
      clock,
      driver: 'thread',
    })
    afterAll(() => ssc.stop())
    await ssc.start()
    const batches = ssc.output<Numbered>('same')[Symbol.asyncIterator]()
    await check(async (from) => {
      await ssc.pushHandle<Numbered>('records').pushAll(numbered(from))
      await clock.advance(1000)
      const { value } = await batches.next()
      expectAll(value.records, from)
    })
  })
})

describe('a record that is not data is refused by the first place that sees it, with the path', () => {
  test('push', () => {
    const { ssc } = manual(0)
    const input = ssc.pushStream<unknown>('in')
    for (const { make } of REFUSED) expect(() => input.push(1, { a: [make()] })).toThrow('[1].a[0]')
  })

  test('a function whose result is persisted on disk', async () => {
    const { ssc } = manual(0, { maxFailures: 1 })
    const made = ssc.context.parallelize([1], 1).map(() => ({ a: [new URL('http://a/')] }))
    await expect(made.persist('disk').count()).rejects.toThrow('a[0] is a URL')
  })
})
