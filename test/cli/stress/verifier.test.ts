import { describe, expect, test } from 'vitest'
import { oracle } from '#build/cli/stress/oracle/oracle.js'
import { Verifier } from '#build/cli/stress/verifier.js'

/** In each batch two records, and a ranking of them. */
const twoRecords = () =>
  oracle((batch) => ({
    serials: [batch * 10, batch * 10 + 1],
    answers: {
      ranking: {
        records: [
          ['a', batch],
          ['b', 1],
          ['b', 2],
        ],
        ordered: true,
      },
      counts: {
        records: [
          ['a', batch],
          ['b', 1],
          ['b', 2],
        ],
      },
    },
  }))

type Outputs = Record<string, unknown[] | undefined>
const right = (batch: number): Outputs => ({
  serials: [
    [batch * 10 + 1, 1],
    [batch * 10, 1],
  ],
  ranking: [
    ['a', batch],
    ['b', 1],
    ['b', 2],
  ],
  counts: [
    ['b', 2],
    ['a', batch],
    ['b', 1],
  ],
})

function verdictOf(...batches: Outputs[]) {
  const verifier = new Verifier(twoRecords(), 100)
  batches.forEach((outputs, i) => {
    for (const [name, records] of Object.entries(outputs)) {
      if (records) verifier.check(name, { time: (i + 1) * 100, records })
    }
  })
  return verifier.finish(batches.length)
}

describe('what came is compared with the oracle', () => {
  test('what is right in any order passes', () => {
    expect(verdictOf(right(1), right(2))).toEqual({ wrong: 0, lost: 0, duplicated: 0, first: undefined })
  })

  test.each<[string, Outputs, object]>([
    [
      'a value',
      {
        counts: [
          ['a', 2],
          ['b', 1],
          ['b', 3],
        ],
      },
      { output: 'counts', key: 'b', expected: ['["b",1]', '["b",2]'], got: ['["b",1]', '["b",3]'] },
    ],
    [
      'a missing record',
      {
        counts: [
          ['b', 1],
          ['b', 2],
        ],
      },
      { output: 'counts', key: 'a', expected: ['["a",2]'], got: [] },
    ],
    [
      'a record too many',
      {
        counts: [
          ['a', 2],
          ['b', 1],
          ['b', 2],
          ['c', 1],
        ],
      },
      { output: 'counts', key: 'c', expected: [], got: ['["c",1]'] },
    ],
    [
      'a record twice',
      {
        counts: [
          ['a', 2],
          ['a', 2],
          ['b', 1],
          ['b', 2],
        ],
      },
      { output: 'counts', key: 'a', expected: ['["a",2]'], got: ['["a",2]', '["a",2]'] },
    ],
    [
      'the order, where it counts',
      {
        ranking: [
          ['b', 1],
          ['a', 2],
          ['b', 2],
        ],
      },
      { output: 'ranking', key: 'place 0', expected: ['["a",2]'], got: ['["b",1]'] },
    ],
    [
      'an output that never came',
      { ranking: undefined },
      { output: 'ranking', key: 'the batch', expected: ['3 records'], got: [] },
    ],
    [
      'an output that should not fire',
      { other: [] },
      { output: 'other', key: 'the batch', expected: [], got: ['0 records'] },
    ],
  ])('%s is the first difference', (_, outputs, first) => {
    const verdict = verdictOf(right(1), { ...right(2), ...outputs }, right(3))
    expect(verdict).toMatchObject({ wrong: 1, lost: 0, duplicated: 0, first: { batch: 2, ...first } })
  })

  test('a batch that comes a second time is wrong', () => {
    const verifier = new Verifier(twoRecords(), 100)
    for (const _ of [1, 2]) verifier.check('counts', { time: 100, records: right(1).counts! })
    expect(verifier.finish(0)).toMatchObject({
      wrong: 1,
      first: { batch: 1, output: 'counts', key: 'the batch', expected: [] },
    })
  })

  test('the earliest batch is reported, whichever output is read first', () => {
    const verifier = new Verifier(twoRecords(), 100)
    verifier.check('counts', { time: 300, records: [] })
    verifier.check('ranking', { time: 200, records: [] })
    expect(verifier.finish(0).first).toMatchObject({ batch: 2, output: 'ranking' })
  })

  test.each<[string, unknown[] | undefined, { lost: number; duplicated: number }]>([
    ['one lost', [[20, 1]], { lost: 1, duplicated: 0 }],
    [
      'one twice',
      [
        [20, 2],
        [21, 1],
      ],
      { lost: 0, duplicated: 1 },
    ],
    [
      'one of another batch',
      [
        [20, 1],
        [21, 1],
        [10, 1],
      ],
      { lost: 0, duplicated: 1 },
    ],
    ['one lost, another three times', [[21, 3]], { lost: 1, duplicated: 2 }],
    ['all lost with the output', undefined, { lost: 2, duplicated: 0 }],
  ])('serial numbers: %s', (_, serials, counts) => {
    expect(verdictOf(right(1), { ...right(2), serials })).toMatchObject({ wrong: 1, ...counts })
  })
})
