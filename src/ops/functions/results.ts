import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { AnyFunction, ReturnKind, UserRef } from './ref.js'

/** Returns the reference with its kind of result, which is omitted for `value`. */
export function withReturnKind(ref: UserRef, returns: ReturnKind): UserRef {
  return returns === 'value' ? ref : { ...ref, returns }
}

const WAYS_TO_WAIT =
  'To wait for other systems, use mapAsync or mapPartitionsAsync before this operation, or await in foreachRDD, foreach or foreachPartition'

/** Descriptions of the kinds of functions that do not return their result at once. */
const KINDS: Readonly<Record<string, string>> = {
  AsyncFunction: 'an async function',
  AsyncGeneratorFunction: 'an async generator function',
  GeneratorFunction: 'a generator function',
}

/**
 * Throws ArgumentError for a function of an unsuitable kind: an async function if nothing awaits it, a generator
 * function if nothing iterates over it. `fn` is without its environment. Costs nothing per record.
 */
export function checkKind(fn: AnyFunction, label: string, returns: ReturnKind): void {
  const kind = Object.prototype.toString.call(fn).slice(8, -1)
  const given = KINDS[kind]
  if (given === undefined) return
  if (kind === 'AsyncFunction' && returns === 'later') return
  if (kind === 'GeneratorFunction' && returns === 'each') return
  throw new ArgumentError(`${label} got ${given}, ${reason(kind, returns)}`, { label, kind: given })
}

function reason(kind: string, returns: ReturnKind): string {
  if (kind === 'GeneratorFunction') {
    return returns === 'later'
      ? 'which runs only while its result is iterated over. Pass an async function or a plain one.'
      : 'whose result is an iterator and not data. Use flatMap or mapPartitions, which iterate over it, or return an array.'
  }
  if (kind === 'AsyncFunction') return `but this operation does not await promises. ${WAYS_TO_WAIT}.`
  return `but this operation does not iterate over async iterators. Collect the values into an array in an async function, and pass that function to mapAsync or mapPartitionsAsync.`
}

/** Returns whether a function is an async function. Plain functions that return a promise are not. */
export function isAsync(fn: AnyFunction): boolean {
  return Object.prototype.toString.call(fn) === '[object AsyncFunction]'
}

/**
 * Describes an object that is not a finished result (a promise or an iterator), as a phrase; returns undefined for any
 * other object.
 */
function unfinished(object: object): string | undefined {
  const { then, next } = object as { then?: unknown; next?: unknown }
  if (typeof then === 'function') {
    // The caller refuses this result. Without a handler, its rejection would also end the thread.
    if (object instanceof Promise) object.catch(() => {})
    return 'a promise'
  }
  if (Symbol.asyncIterator in object) return 'an async iterator'
  if (typeof next === 'function' && Symbol.iterator in object) return 'an iterator'
  return undefined
}

/** Returns whether a value must be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

const refusal = (found: string, where: string, label?: string): ArgumentError =>
  new ArgumentError(
    `The function${label === undefined ? '' : ` of ${label}`} returned ${found}${where}, which is not data. This operation uses results at once. ` +
      (found === 'an iterator'
        ? 'Return an array, or use flatMap or mapPartitions, which iterate over it.'
        : `${WAYS_TO_WAIT}.`),
    label === undefined ? { found } : { found, label },
  )

/** The number of items checked at each end of an array: both items of a pair, or the newest items of a growing list. */
const ITEMS = 4

/**
 * Throws ArgumentError if a result is a promise, a generator or another iterator, or an array with one among its first
 * items or its last. With `fields`, checks the fields of a plain object too.
 */
export function checkResult(result: object, fields = false, label?: string): void {
  if (Array.isArray(result)) {
    const { length } = result
    for (let i = 0; i < length && i < ITEMS; i++) checkItem(result[i], i, label)
    if (length > ITEMS) checkItem(result[length - 1], length - 1, label)
    return
  }
  const found = unfinished(result)
  if (found !== undefined) throw refusal(found, '', label)
  if (!fields) return
  const prototype: unknown = Object.getPrototypeOf(result)
  if (prototype !== Object.prototype && prototype !== null) return
  for (const name of Object.keys(result)) checkItem((result as Record<string, unknown>)[name], name, label)
}

/** Returns `checkResult` with errors that name an operation. */
export function checkResultOf(label: string): typeof checkResult {
  return (result, fields) => checkResult(result, fields, label)
}

function checkItem(item: unknown, name: string | number, label?: string): void {
  if (typeof item !== 'object' || item === null) return
  const found = unfinished(item)
  if (found !== undefined)
    throw refusal(found, ` as ${typeof name === 'number' ? `item ${name}` : `field ${name}`}`, label)
}

/**
 * Returns an iterable over the results of a function that returns several, and checks each when it is read.
 * @throws ArgumentError if the result is not iterable, or must be awaited.
 */
export function checkEach(result: unknown): Iterable<unknown> {
  if (Array.isArray(result)) {
    for (let i = 0; i < result.length; i++) {
      const item: unknown = result[i]
      if (typeof item === 'object' && item !== null) checkResult(item)
    }
    return result
  }
  const items = checkIterable(result)
  return typeof items === 'string' || ArrayBuffer.isView(items)
    ? items
    : { [Symbol.iterator]: () => new Checked(items) }
}

/**
 * Returns the result as an iterable, without checking its items.
 * @throws ArgumentError if it is not iterable, or must be awaited.
 */
export function checkIterable(result: unknown): Iterable<unknown> {
  if (typeof result === 'string') return result
  if (typeof result === 'object' && result !== null) {
    const { then } = result as { then?: unknown }
    const iterable = Symbol.iterator in result
    if (typeof then === 'function' || (!iterable && Symbol.asyncIterator in result)) {
      throw refusal(unfinished(result)!, '')
    }
    if (iterable) return result as Iterable<unknown>
  }
  throw new ArgumentError(
    `The function returned ${describe(result)}; it must return an iterable: an array, a Set, a Map or a generator's values. Return [] for nothing.`,
  )
}

/** Checks each item of an iterator. Several times as fast as a generator over the items. */
class Checked implements Iterator<unknown> {
  readonly #items: Iterator<unknown>

  constructor(items: Iterable<unknown>) {
    this.#items = items[Symbol.iterator]()
  }

  next(): IteratorResult<unknown> {
    const next = this.#items.next()
    const { value } = next
    if (typeof value === 'object' && value !== null && next.done !== true) {
      try {
        checkResult(value)
      } catch (error) {
        // As a for loop does when its body throws.
        this.#items.return?.()
        throw error
      }
    }
    return next
  }

  return(value?: unknown): IteratorResult<unknown> {
    return this.#items.return?.(value) ?? { done: true, value }
  }
}
