import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { append } from '../append.js'
import { asPair } from '../pair.js'
import { builtin, defineBuiltin } from './builtin.js'
import type { AnyFunction } from './ref.js'
import './text.js'

/*
 * Functions that operators are built from. Threads know these ordinary functions by name, so they cost nothing to send,
 * and a task can recognise them.
 */

/** Defines a library function without arguments and returns it; it is the same object everywhere in a thread. */
function constant<F extends AnyFunction>(name: string, fn: F): F {
  defineBuiltin(name, () => fn)
  return builtin<F>(name)
}

/** Returns the value itself. */
export const identity = constant('identity', <T>(value: T): T => value)

/** Returns `[value, 1]`: the first half of a count by key. */
export const pairWithOne = constant('pairWithOne', <T>(value: T): [T, number] => [value, 1])

/** Returns `a + b`, for reduce operations. */
export const sum = constant('sum', (a: number, b: number): number => a + b)

/** Returns `a - b`, the inverse of `sum` for windows. */
export const subtract = constant('subtract', (a: number, b: number): number => a - b)

/**
 * Returns the larger of two values, by `<`. If one is NaN, returns NaN, so that the order of a reduction does not
 * matter.
 */
export const max = constant(
  'max',
  <T extends number | bigint | string>(a: T, b: T): T => (a < b || Number.isNaN(b) ? b : a),
)

/**
 * Returns the smaller of two values, by `>`. If one is NaN, returns NaN, so that the order of a reduction does not
 * matter.
 */
export const min = constant(
  'min',
  <T extends number | bigint | string>(a: T, b: T): T => (a > b || Number.isNaN(b) ? b : a),
)

/** Returns the first of two values. */
export const first = constant('first', <T>(a: T, _b?: unknown): T => a)

/** Returns the second of two values. */
export const second = constant('second', <T>(_a: unknown, b: T): T => b)

/** Returns whether the value of a `[key, number]` pair differs from 0. */
export const isNotZeroValue = constant('isNotZeroValue', (pair: readonly [unknown, number]): boolean => pair[1] !== 0)

/** Returns `[value, key]` of a `[key, value]` pair. */
export const swap = constant('swap', <K, V>(pair: readonly [K, V]): [V, K] => [pair[1], pair[0]])

/** Returns the key of a pair. */
export const keyOf = constant('keyOf', <K>(pair: readonly [K, unknown]): K => asPair(pair)[0] as K)

/** Returns the value of a pair. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the name that goes with keyOf
export const valueOf = constant('valueOf', <V>(pair: readonly [unknown, V]): V => asPair(pair)[1] as V)

/** Returns a list of one value: the first accumulator of a group. */
export const toList = constant('toList', <T>(value: T): T[] => [value])

/** Appends a value to the list, and returns that list. */
export const appendToList = constant('appendToList', <T>(list: T[], value: T): T[] => {
  list.push(value)
  return list
})

/** Appends the values of the second list to the first, and returns the first. */
export const concatLists = constant('concatLists', <T>(list: T[], other: readonly T[]): T[] => {
  append(list, other)
  return list
})

defineBuiltin('keyBy', (key: AnyFunction) => {
  if (typeof key !== 'function') throw new ArgumentError(`keyBy needs a function, got ${describe(key)}.`)
  return (value: unknown) => [key(value), value]
})

/** `value => [key(value), value]`. */
export function keyBy<T, K>(key: (value: T) => K): (value: T) => [K, T] {
  return builtin<(value: T) => [K, T]>('keyBy', key)
}

defineBuiltin('pairOf', (key: AnyFunction, value: AnyFunction) => {
  for (const fn of [key, value]) {
    if (typeof fn !== 'function') {
      throw new ArgumentError(`pairOf needs two functions, for the key and for the value, got ${describe(fn)}.`)
    }
  }
  return (record: unknown) => [key(record), value(record)]
})

/**
 * Returns `[key(record), value(record)]`. With library functions for both, sums and extremes by key run on bytes.
 *
 * ```ts
 * const sales = ctx.parallelize(['tea,3', 'milk,1.5', 'tea,4'])
 * await sales.map(pairOf(field(0), numberField(1))).reduceByKey(sum).collectAsMap() // Map { 'tea' => 7, 'milk' => 1.5 }
 * ```
 */
export function pairOf<T, K, V>(key: (record: T) => K, value: (record: T) => V): (record: T) => [K, V] {
  return builtin<(record: T) => [K, V]>('pairOf', key, value)
}

export { numberField, parseNumber } from './numbers.js'
export {
  field,
  hashtags,
  includes,
  jsonField,
  length,
  split,
  startsWith,
  toLowerCase,
  words,
} from './text.js'
