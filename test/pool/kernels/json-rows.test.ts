import { describe, expect, test } from 'vitest'
import type { Step } from '#build/ops/plan.js'
import { meaningOf } from '#build/pool/kernels/meaning-of.js'
import { RowShapes } from '#build/pool/kernels/row-shapes.js'
import fc from '../../support/fast-check.js'
import { type By, certainLines, collected, kernels, outcome, type Piece, step } from './support.js'
import { numberText } from './texts.js'

/*
 * Differential tests: a task whose kernels read the values of JSON lines, and one that calls `JSON.parse`, give the same
 * objects in the same order, and fail with the same error at the same line.
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? 100)
const TIMEOUT = 30_000 + RUNS * 100

const parse = step('map', (line: string) => JSON.parse(line))
/** Enough lines to learn shapes from. */
const PLENTY = 300

const int = fc.integer().map(String)
const plain = fc.constantFrom('"a"', '"bid"', '""', '"San Francisco"', '"sixteen bytes ok"', `"${'long'.repeat(20)}"`)
const word = fc.constantFrom('true', 'false', 'null')
const fraction = fc.tuple(int, fc.nat(999)).map(([whole, part]) => `${whole}.${part}`)
const other = fc.oneof(
  plain,
  word,
  fraction,
  fc.constantFrom('"é"', '"日本"', '"\\n"', '"\\u0061"', '"\\""', '"\u007f"', '[]', '[1]', '{}', '{"a":1}'),
  fc.constantFrom('2147483647', '2147483648', '-2147483648', '-2147483649', '-0', '1e3', '1.50'),
  fc.string({ maxLength: 20 }).map((s) => JSON.stringify(s)),
)
const wrong = fc.oneof(numberText, fc.constantFrom('tru', '01', '-', '1.', '.5', '"tab\t"', '"open', '', '1 2'))
const name = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'kind', 'auction', 'a name of 17 by', 'constructor'),
  },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', '1', '', 'é', '\\u0061') },
)
const gap = fc.constantFrom('', '', '', ' ', '\t', '\r')
const kind = fc.constantFrom(int, plain, word, fraction, other, fc.constant('"bid"'))

/** Some shapes of objects: the same names, gaps and kinds of values. Now and then a value is of another kind. */
const lines = fc
  .array(fc.tuple(fc.array(fc.tuple(name, kind), { maxLength: 6 }), gap, gap), { minLength: 1, maxLength: 3 })
  .chain((shapes) => {
    const of = (shapesValue: (value: fc.Arbitrary<string>) => fc.Arbitrary<string>) =>
      fc.oneof(
        ...shapes.map(([fields, before, after]) =>
          fc.tuple(...fields.map(([, value]) => shapesValue(value))).map((values) => {
            const members = fields.map(([called], i) => `"${called}"${before}:${after}${values[i]}`)
            return `{${before}${members.join(`,${after}`)}}${before}`
          }),
        ),
      )
    const known = of((value) => fc.oneof({ weight: 30, arbitrary: value }, { weight: 1, arbitrary: other }))
    const more = fc.oneof(
      { weight: 30, arbitrary: known },
      {
        weight: 1,
        arbitrary: of((value) => fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: wrong })),
      },
      { weight: 1, arbitrary: fc.constantFrom('', '1', '{', '{}', '[1]', '{"a":1}x', '{"a":1},') },
    )
    // Most lines are the same few ones again: making each takes longer than the test.
    return fc.tuple(fc.array(known, { minLength: 40, maxLength: 40 }), fc.array(more, { maxLength: 40 }))
  })
  .map(([known, more]) => [...Array.from({ length: PLENTY }, (_, i) => known[i % known.length]!), ...more])

const input = fc
  .tuple(lines, fc.constantFrom('\n', '\n', '\r\n', '\r\r\n'), fc.boolean())
  .map(([of, end, ended]): Piece[] => {
    const bytes = Buffer.from(of.join(end) + (ended ? end : ''))
    // The second piece is read with the shapes of the first.
    return [bytes, bytes.subarray(bytes.indexOf('\n', 100) + 1)]
  })

const chains: readonly (readonly Step[])[] = [
  [parse],
  [step('filter', (line: string) => line.includes('a')), parse],
  [parse, step('filter', (event: { kind: string }) => event.kind !== 'bid')],
  [parse, step('filter', (event: { a: number }) => event.a > 3), step('map', (event: { b: number }) => event.b)],
  [parse, step('map', (event: { a: { length: number } }) => event.a.length)],
  [{ ...parse, rejects: 1 }, step('map', (event: { a: { length: number } }) => event.a.length)],
]

interface Row {
  readonly a: number
  readonly b: string
  readonly c: number
  readonly d: { readonly e: number }
  readonly kind: string
  readonly auction: number
}

/** Filters of rows that kernels know. Some throw for some rows, as does what follows them. */
const filters: readonly Step[] = [
  step('filter', (row: Row) => row.kind === 'bid'),
  step('filter', (row: Row) => row.kind === 'bid' && row.auction % 3 === 0),
  step('filter', ({ kind, a }: Row) => !(kind !== 'bid') || a >= 0),
  step('filter', (row: Row) => row.a - -1 < row.c * 2 || -row.a > 7),
  step('filter', (row: Row) => row.b.includes('i')),
  step('filter', (row: Row) => row.a > 0 && row.b.startsWith('b')),
  step('filter', (row: Row) => row.b.trim().toUpperCase().endsWith('D') || row.kind === 'bid'),
  step('filter', (row: Row) => row.kind === 'bid' || (row.a > 0 && row.d.e === 1)),
  step('filter', (row: Row) => row.d.e === 1 || row.kind === 'bid'),
  step('filter', (row: Row) => row.kind === 'bid' || row.d.e === 1),
  step('filter', (row: Row) => !(row.a >= 0)),
  step('filter', (row: Row) => (row.kind !== 'a' && row.b.length > 2) || row.a === null),
  step('filter', (row: Row) => `${row.a}:${row.b}` !== '1:a' && `${row.c}` < '5'),
  step('filter', (row: Row) => Number(row.a) > 0 && Math.floor(row.c / 2) % 2 === 0),
  step('filter', (row: Row) => Math.abs(row.a) > 10 && Math.round(row.c) !== Math.trunc(row.c)),
  step('filter', (row: Row) => ['a', 'bid'].includes(row.kind) || [0, 3, null].includes(row.a)),
  step('filter', (row: Row) => !['a', 'bid'].includes(row.kind) && row.d.e !== 1),
  step('filter', (row: Row) => row.a),
  step('filter', (row: Row) => !row.kind || row.a + row.c === 3),
]

const filtered = fc
  .tuple(
    fc.array(fc.constantFrom(...filters), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(
      [],
      [step('map', (row: Row) => row.b.length)],
      [step('map', (row: Row) => [row.kind, row])],
      [step('filter', (row: Row) => row.c !== 3)],
    ),
    fc.constantFrom({}, {}, { rejects: 1 }),
    fc.constantFrom({}, {}, { rejects: 1 }),
  )
  .map(([several, after, dropped, refused]): readonly Step[] => [
    { ...parse, ...(refused === dropped ? {} : dropped) } as Step,
    ...several.map((of) => ({ ...of, ...refused }) as Step),
    ...after,
  ])

function run(steps: readonly Step[], of: readonly Piece[], by: By): unknown {
  return outcome(() => {
    const { lines: count, records, rejects } = collected(steps, of, by)
    return { count, records, order: JSON.stringify(records), rejects }
  })
}

describe('lines of JSON', () => {
  test(
    'become the objects that JSON.parse makes',
    () => {
      let certain = 0
      fc.assert(
        fc.property(input, fc.nat(chains.length - 1), (of, chain) => {
          const steps = chains[chain]!
          let bytes: unknown
          certain += certainLines(() => {
            bytes = run(steps, of, 'bytes')
          })
          expect(bytes).toEqual(run(steps, of, 'functions'))
          expect(bytes).toEqual(run(steps, of, 'composed'))
        }),
        { numRuns: RUNS },
      )
      expect(certain).toBeGreaterThan(RUNS * 50)
    },
    TIMEOUT,
  )

  test(
    'that filters refuse are omitted without changing what the filters do',
    () => {
      fc.assert(
        fc.property(input, filtered, (of, steps) => {
          const bytes = run(steps, of, 'bytes')
          expect(bytes).toEqual(run(steps, of, 'functions'))
          expect(bytes).toEqual(run(steps, of, 'composed'))
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT,
  )

  const many = (line: string, n = PLENTY) => `${line}\n`.repeat(n)

  test.each([
    ['numbers of 32 bits', '{"a":2147483647,"b":-2147483648}'],
    ['larger numbers and fractions', '{"a":1764518400000,"b":-0.25}'],
    ['texts', '{"a":"San Francisco","b":"x"}'],
    ['words', '{"a":true,"b":null}'],
    ['blanks', '{ "a" : 1, "b" : 2 }'],
  ])('of one shape are read by the kernels: %s', (_, line) => {
    const of = [Buffer.from(many(line))]
    expect(certainLines(() => collected([parse], of, 'bytes'))).toBe(PLENTY)
    expect(collected([parse], of, 'bytes').records).toEqual(Array(PLENTY).fill(JSON.parse(line)))
  })

  const values = [
    ...['0', '-0', '-1', '00', '01', '-01', '-', '+1', '1.', '.5', '1.0', '-0.0', '1e3', '1E3', '0x1', '1 2', '12a'],
    ...['2147483647', '2147483648', '-2147483648', '-2147483649', '9007199254740993', '123456789012345678901234'],
    ...[
      '0.1',
      '123456789012345.6',
      '1234567890.12345',
      '0.0000000000000000000001',
      '0.00000000000000000000001',
      '4.9e-324',
    ],
    ...[
      '""',
      '"',
      '"a',
      'a"',
      '"a"b"',
      '"é"',
      '"\\n"',
      '"\\u0061"',
      '"\\x"',
      '"tab\t"',
      '"twelve bytes"',
      '"thirteen byte"',
    ],
    ...[
      'true',
      'false',
      'null',
      'tru',
      'truee',
      'nul',
      'False',
      '[]',
      '[1]',
      '{}',
      '{"a":1}',
      '',
      ' ',
      '1,',
      '1,"a":2',
      '1,"b":2',
    ],
  ]

  test.each([
    ['of 32 bits', '1', '2'],
    ['with fractions', '0.5', '1.5'],
    ['that are texts', '"x"', '"y"'],
    ['that are words', 'true', 'false'],
    ['that are the same', '"bid"', '"bid"'],
  ])('have values %s: any other is what JSON.parse makes of it', (_, first, second) => {
    const known = `{"a":${first},"z":1}\n{"a":${second},"z":1}\n`.repeat(PLENTY)
    for (const odd of values) {
      const of = [Buffer.from(`${known}{"a":${odd},"z":1}\n{"z":${odd}}\n{"a":${odd}}`)]
      expect([odd, run([parse], of, 'bytes')]).toEqual([odd, run([parse], of, 'functions')])
    }
  })

  test('of another shape are learned when there are many', () => {
    const of = [many('{"a":1}'), many('{"b":"x"}', 1200)].map((text) => Buffer.from(text))
    const again = [...of, ...of, ...of]
    // A few pieces wait before shapes are learned again.
    expect(certainLines(() => collected([parse], again, 'bytes'))).toBeGreaterThan(2 * 1200)
    expect(collected([parse], again, 'bytes').records).toEqual(collected([parse], again, 'functions').records)
  })

  test('may be empty, and more than there is room for', () => {
    const of = [Buffer.from(many('{"a":1}') + '\n'.repeat(60_000))]
    expect(run([parse], of, 'bytes')).toEqual(run([parse], of, 'functions'))
    const rows = [Buffer.from(many('{"":1,"a":2,"b":3}', 3000)), Buffer.from(many('{"":1,"a":2,"b":3}', 3000))]
    expect(collected([parse], rows, 'bytes').records).toHaveLength(6000)
  })

  test('come before the error of the line behind them', () => {
    const seen: number[] = []
    Object.assign(globalThis, { seen })
    const see = step('map', (row: { a: number }) => {
      ;(globalThis as unknown as { seen: number[] }).seen.push(row.a)
      return row.a
    })
    const of = [Buffer.from(`${many('{"a":1}')}{"a":2}\n{"a":}\n{"a":3}\n`)]
    const failure = outcome(() => collected([parse, see], of, 'bytes'))
    expect(seen.slice(-2)).toEqual([1, 2])
    expect(failure).toEqual(outcome(() => collected([parse, see], of, 'functions')))
    expect(failure).toMatchObject({ failedAt: 'map', failedOn: { record: '{"a":}' } })
  })

  test('that filters refuse are not built', () => {
    const bids = step('filter', (row: Row) => row.kind === 'bid' && row.a > 1 && row.d.e === 1)
    const lines = ['{"kind":"bid","a":1}', '{"kind":"bid","a":2}', '{"kind":"ask","a":2}']
    const shapes = RowShapes.of([...lines, ...lines, ...lines, ...lines], kernels.shapesRoom, [meaningOf(bids.fn)!])!
    const rows: unknown[] = []
    const numbers = new Uint32Array(lines.length)
    const region = kernels.load(Buffer.from(lines.join('\n')))
    kernels.readRows(region, shapes, (read) => shapes.buildKept!(read, rows, () => {}, numbers))
    expect(rows).toEqual([{ kind: 'bid', a: 2 }])
    expect(numbers[0]).toBe(1)
    const unknown = step('filter', (row: Row) => row.d.e === 1 && row.kind === 'bid')
    expect(RowShapes.of(lines, kernels.shapesRoom, [meaningOf(unknown.fn)!])!.buildKept).toBeUndefined()
  })

  test('are named by the error of a step behind filters', () => {
    const bids = step('filter', (row: Row) => row.kind === 'bid')
    const fail = step('map', (row: Row) => row.d.e)
    const known = many('{"kind":"ask","d":1}\n{"kind":"bid","d":1}')
    const of = [Buffer.from(`${known}{"kind":"ask","d":null}\n{"kind":"bid","d":null}\n{"kind":"bid","d":3}\n`)]
    const failure = run([parse, bids, fail], of, 'bytes')
    expect(failure).toEqual(run([parse, bids, fail], of, 'functions'))
    expect(failure).toMatchObject({ failedOn: { record: '{"kind":"bid","d":null}' } })
  })

  test('are named by the error of a later step', () => {
    const fail = step('map', (row: { a: { b: number } }) => row.a.b)
    const of = [Buffer.from(`${many('{"a":1}')}{"a":null}\n{"a":3}\n`)]
    const failure = run([parse, fail], of, 'bytes')
    expect(failure).toEqual(run([parse, fail], of, 'functions'))
    expect(failure).toMatchObject({ failedOn: { record: '{"a":null}' } })
  })
})

test.each([
  ['nested objects', '{"a":{"b":1}}'],
  ['arrays', '{"a":[1]}'],
  ['a name twice', '{"a":1,"a":2}'],
  ['the name __proto__', '{"__proto__":1}'],
  ['escapes', '{"a":"\\n"}'],
  ['other characters', '{"a":"é"}'],
  ['no object', '17'],
])('there is no shape of %s', (_, line) => {
  expect(RowShapes.of(Array(10).fill(line), 10_000)).toBeUndefined()
})
