import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context, RDD } from 'millrace'
import type { EdgeDataset, Pair } from './edge-datasets.js'
import { groups, keyText } from './naive.js'

/** What an operation gets: datasets of pairs, of their values, and of whole numbers, all partitioned alike. */
export interface Given {
  readonly ctx: Context
  readonly pairs: RDD<Pair>
  readonly others: RDD<Pair>
  readonly values: RDD<unknown>
  readonly numbers: RDD<number>
}

/** The same in plain arrays. */
export interface Plain {
  readonly parts: readonly (readonly Pair[])[]
  readonly pairs: readonly Pair[]
  readonly others: readonly Pair[]
  readonly values: readonly unknown[]
  readonly numbers: readonly number[]
  /** Of the numbers. */
  readonly numberParts: readonly (readonly number[])[]
}

export interface Row {
  /** Methods that the row shows; of a dataset, or of a context. */
  readonly shows: readonly string[]
  readonly run: (given: Given) => unknown
  /** The result, or a Refusal. */
  readonly model: (plain: Plain) => unknown
  /** The result is a list whose order is no promise. */
  readonly bag?: boolean
  /** Keys that are equal may come back as either one. */
  readonly equalKeys?: boolean
}

export class Refusal {
  readonly error: string

  constructor(error: string) {
    this.error = error
  }
}
export const orRefused = <T>(values: readonly T[], result: (values: readonly T[]) => unknown, error = 'StateError') =>
  values.length === 0 ? new Refusal(error) : result(values)

export function given(ctx: Context, { parts, others }: EdgeDataset): Given {
  const of = <T>(lists: readonly (readonly T[])[]) => ctx.union(lists.map((list) => ctx.parallelize(list, 1)))
  const pairs = of(parts)
  return {
    ctx,
    pairs,
    others: of(others),
    values: of(parts.map((part) => part.map(([, value]) => value))),
    numbers: of(numbersOf(parts)),
  }
}

const numbersOf = (parts: EdgeDataset['parts']): number[][] => {
  let n = 0
  return parts.map((part) => part.map(() => (n++ * 7) % 11))
}

export function plain({ parts, others }: EdgeDataset): Plain {
  const numberParts = numbersOf(parts)
  return {
    parts,
    pairs: parts.flat(),
    others: others.flat(),
    values: parts.flat().map(([, value]) => value),
    numbers: numberParts.flat(),
    numberParts,
  }
}

export const same = (a: unknown, b: unknown): boolean => keyText(a) === keyText(b)
export const unique = (values: readonly unknown[]): unknown[] => groups(values, (value) => value).map(({ key }) => key)
export const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
export const squares = (numbers: readonly number[]): number =>
  sum(numbers.map((x) => (x - sum(numbers) / numbers.length) ** 2))
export const rounded = (x: number): number => (Number.isFinite(x) ? Math.round(x * 1e6) / 1e6 : x)
export const counts = (values: readonly unknown[]): Map<unknown, number> =>
  new Map(groups(values, (value) => value).map(({ key, items }) => [key === 0 ? 0 : key, items.length]))
export const path = (): string => join(mkdtempSync(join(tmpdir(), 'matrix-')), 'saved')
/** How many values, and the first: what an aggregate by key remembers of a list. */
export const listed = (values: readonly unknown[]): string => `${values.length} ${typeof values[0]}`
