import { expect, test } from 'vitest'
import { canSort } from '#build/pool/kernels/sort-bytes.js'
import { TextKernels } from '#build/pool/kernels/text-kernels.js'
import fc from '../../support/fast-check.js'

const kernels = TextKernels.create()!

/** Texts behind one another, the first of which begins at `first`. */
function laid(texts: readonly Uint8Array[], first: number) {
  const starts = new Uint32Array(texts.length + 1)
  starts[0] = first
  texts.forEach((text, i) => {
    starts[i + 1] = starts[i]! + text.length
  })
  return { bytes: Buffer.concat([Buffer.alloc(first), ...texts]), starts }
}

/** Sorts texts by the kernel and by comparison, in both orders. */
function agrees(texts: readonly Uint8Array[], first = 0): void {
  for (const ascending of [true, false]) {
    const expected = texts.toSorted(Buffer.compare)
    if (!ascending) expected.reverse()
    const { texts: bytes, lengths } = kernels.sort(laid(texts, first), ascending)
    expect(Array.from(lengths)).toEqual(expected.map(({ length }) => length))
    expect(Buffer.compare(bytes, Buffer.concat(expected))).toBe(0)
  }
}

const seeded = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return (seed >>> 8) % below
}

/** Texts of some units, with a common beginning, of lengths about the number of packed units. */
function textsOf(seed: number): Uint8Array[] {
  const next = seeded(seed)
  const units = [1, 2, 10, 40, 256][next(5)]!
  const begins = Buffer.alloc([0, 3, 300][next(3)]!, 120)
  const longest = [2, 9, 18, 40][next(4)]!
  const count = [30, 200, 2000][next(3)]!
  const others = [0, 255 - units][next(2)]!
  return Array.from({ length: count }, () =>
    Buffer.concat([
      begins,
      Uint8Array.from({ length: next(longest) }, () => (units === 256 ? 0 : others) + next(units)),
    ]),
  )
}

const SEED = Number(process.env.SEED ?? 1)
test(`texts of any units and lengths, from seed ${SEED}`, () => {
  for (let seed = SEED; seed < SEED + 300; seed++) {
    try {
      agrees(textsOf(seed), seed % 7)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

test('few texts', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 60 }), fc.nat(9), (texts, first) =>
      agrees(texts, first),
    ),
  )
})

test('texts of which each is the beginning of the next, deeper than runs are packed', () => {
  agrees(Array.from({ length: 320 }, (_, i) => Buffer.alloc(((i * 77) % 320) * 16, 97)))
})

test('texts that are equal, and texts that are empty', () => {
  agrees(Array.from({ length: 5000 }, () => Buffer.from('the same text, of some length')))
  agrees(Array.from({ length: 100 }, (_, i) => Buffer.alloc(i === 50 ? 1 : 0)))
  agrees([])
})

test('a sort leaves the table of counted keys as it is', () => {
  kernels.clear()
  for (let i = 0; i < 3000; i++) expect(kernels.countKey(`key ${i}`)).toBe(true)
  agrees(textsOf(3))
  for (let i = 0; i < 6000; i++) expect(kernels.countKey(`key ${i}`)).toBe(true)
  const { keys, counts } = kernels.take('counts', (table) => ({ keys: table.keys(), counts: [...table.values] }))
  expect(keys).toHaveLength(6000)
  expect(counts.filter((n) => n === 2)).toHaveLength(3000)
})

test('texts that need too much memory are refused before', () => {
  expect(canSort({ bytes: Buffer.alloc(0), starts: Uint32Array.of(0, 25 * 2 ** 20) })).toBe(false)
  expect(canSort({ bytes: Buffer.alloc(0), starts: Uint32Array.of(5, 20 * 2 ** 20) })).toBe(true)
})
