/** Datasets at the edges: no partitions, empty ones among full ones, more partitions than records, odd keys and values. */

export type Pair = [unknown, unknown]

export interface EdgeDataset {
  readonly name: string
  /** The records of each partition. */
  readonly parts: readonly (readonly Pair[])[]
  /** The second dataset of operations that take two. */
  readonly others: readonly (readonly Pair[])[]
}

const POOLS = {
  numbers: [3, 1, 2, 1, -5, 0, 1.5, 2],
  texts: ['b', '', 'a', 'b', 'é', '\ud800', 'a'],
  // Equal keys among them: 0 and -0, NaN and NaN, composite ones by content.
  odd: [null, undefined, Number.NaN, -0, 0, '', false, 1n, '1', 1, Number.NaN, [0], [-0], { a: 1 }, new Date(5)],
} satisfies Record<string, readonly unknown[]>
type Pool = keyof typeof POOLS

/** The number of records in each partition. */
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'no partitions': [],
  'one empty partition': [0],
  'only empty partitions': [0, 0, 0],
  'one record': [1],
  'one partition': [9],
  'empty partitions among full ones': [2, 0, 5, 0, 0, 1, 0],
  'more partitions than records': [0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0],
  'one huge partition': [1, 400, 0, 2],
}

function filled(sizes: readonly number[], pool: Pool, step: number): Pair[][] {
  const values: readonly unknown[] = POOLS[pool]
  let next = 0
  return sizes.map((size) =>
    Array.from({ length: size }, (): Pair => {
      const i = next++
      return [values[(i * step) % values.length], values[(i * 5 + 2) % values.length]]
    }),
  )
}

/** Keys of the second dataset overlap with those of the first in part. */
function second(sizes: readonly number[], pool: Pool): Pair[][] {
  return filled(
    sizes.map((size) => Math.min(size, 4)),
    pool,
    3,
  ).map((part) => part.map(([key, value], i): Pair => (i % 3 === 2 ? ['only there', value] : [key, value])))
}

export const EDGES: readonly EdgeDataset[] = [
  ...Object.entries(SHAPES).flatMap(([shape, sizes]) =>
    (Object.keys(POOLS) as Pool[])
      // Shapes without records have no values to vary.
      .filter((pool) => pool === 'odd' || sizes.some((size) => size > 0))
      .map((pool) => ({ name: `${shape}, ${pool}`, parts: filled(sizes, pool, 1), others: second(sizes, pool) })),
  ),
  {
    name: 'one key',
    parts: [[['k', 1]], [], Array.from({ length: 40 }, (_, i): Pair => ['k', i % 7])],
    others: [[['k', 2]], [['k', 3]], []],
  },
  {
    name: 'another kind of value in each partition',
    parts: [
      [['a', 1]],
      [[1, 'a']],
      [[null, null]],
      [['a', { b: [1] }]],
      [[[1, 'x'], undefined]],
      [[['deep', [2]], -0]],
    ],
    others: [[['a', 'x']], [[1, 2]], [], [], [[null, 7]], [[[1, 'x'], 0]]],
  },
]
