import { ArgumentError } from '../../errors.js'
import { describe } from './plain-data.js'
import type { AnyFunction, UserRef } from './ref.js'

/**
 * What an operation does with the result of a function:
 * - `value`: uses it at once, as a record, a key, a condition or an order. The default.
 * - `each`: iterates over it at once.
 * - `later`: awaits it.
 */
export type Gives = 'value' | 'each' | 'later'

/** The reference with what is done with results; without it where that is the usual thing. */
export function giving(ref: UserRef, gives: Gives): UserRef {
  return gives === 'value' ? ref : { ...ref, gives }
}

const WAYS_TO_WAIT =
  'To wait for other systems, use mapAsync or mapPartitionsAsync before this operation, or await in foreachRDD, foreach or foreachPartition'

/** How the language names a kind of function that does not return its result at once. */
const KINDS: Readonly<Record<string, string>> = {
  AsyncFunction: 'an async function',
  AsyncGeneratorFunction: 'an async generator function',
  GeneratorFunction: 'a generator function',
}

/**
 * Throws ArgumentError for a function whose kind cannot fit: an async function where nothing awaits, a generator
 * function where nothing iterates. `fn` is without its environment. Costs nothing per record.
 */
export function checkKind(fn: AnyFunction, label: string, gives: Gives): void {
  const kind = Object.prototype.toString.call(fn).slice(8, -1)
  const given = KINDS[kind]
  if (given === undefined) return
  if (kind === 'AsyncFunction' && gives === 'later') return
  if (kind === 'GeneratorFunction' && gives === 'each') return
  throw new ArgumentError(`${label} got ${given}, ${reason(kind, gives)}`, { label, kind: given })
}

function reason(kind: string, gives: Gives): string {
  if (kind === 'GeneratorFunction') {
    return gives === 'later'
      ? 'which runs only while its result is iterated over. Give an async function or a plain one.'
      : 'whose result is an iterator and not data. Use flatMap or mapPartitions, which iterate over it, or return an array.'
  }
  if (kind === 'AsyncFunction') return `whose promise nothing would await here. ${WAYS_TO_WAIT}.`
  return `and iterates over no async iterator. Collect what it yields into an array in an async function, and give that to mapAsync or mapPartitionsAsync.`
}

/** Whether a function is async by its kind; one that only returns a promise is not. */
export function isAsync(fn: AnyFunction): boolean {
  return Object.prototype.toString.call(fn) === '[object AsyncFunction]'
}

/** A result that is not there yet, as a phrase; undefined for any other object. */
function unfinished(object: object): string | undefined {
  const { then, next } = object as { then?: unknown; next?: unknown }
  if (typeof then === 'function') {
    // It is refused: its own rejection must not end the thread besides.
    if (object instanceof Promise) object.catch(() => {})
    return 'a promise'
  }
  if (Symbol.asyncIterator in object) return 'an async iterator'
  if (typeof next === 'function' && Symbol.iterator in object) return 'an iterator'
  return undefined
}

/** Whether a value must be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

const refusal = (found: string, where: string): ArgumentError =>
  new ArgumentError(
    `The function returned ${found}${where}, which is no data: this operation uses results at once. ` +
      (found === 'an iterator'
        ? 'Return an array, or use flatMap or mapPartitions, which iterate over it.'
        : `${WAYS_TO_WAIT}.`),
    { found },
  )

/** So many items at either end of an array are looked at: a pair, or what a growing list has got last. */
const ITEMS = 4

/**
 * Throws ArgumentError if a result is a promise, a generator or another iterator, or an array that has one among its
 * first items or as its last. `fields`: looks at the fields of a plain object too.
 */
export function checkResult(result: object, fields = false): void {
  if (Array.isArray(result)) {
    const { length } = result
    for (let i = 0; i < length && i < ITEMS; i++) checkItem(result[i], i)
    if (length > ITEMS) checkItem(result[length - 1], length - 1)
    return
  }
  const found = unfinished(result)
  if (found !== undefined) throw refusal(found, '')
  if (!fields) return
  const prototype: unknown = Object.getPrototypeOf(result)
  if (prototype !== Object.prototype && prototype !== null) return
  for (const name of Object.keys(result)) checkItem((result as Record<string, unknown>)[name], name)
}

function checkItem(item: unknown, name: string | number): void {
  if (typeof item !== 'object' || item === null) return
  const found = unfinished(item)
  if (found !== undefined) throw refusal(found, ` as ${typeof name === 'number' ? `item ${name}` : `field ${name}`}`)
}

/**
 * Returns an iterable of the values that a function returned several of, and checks each value as it is taken.
 * @throws ArgumentError if the result is no iterable, or one that must be awaited.
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
 * Returns the result as what can be iterated over. Its items are not checked.
 * @throws ArgumentError if it is no iterable, or one that must be awaited.
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

/** An iterator that checks each item. Several times as fast as a generator around the items. */
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
        // As in a for loop, whose body threw.
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
