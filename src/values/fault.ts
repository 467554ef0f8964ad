import { types } from 'node:util'
import { DataError } from '../errors.js'
import { isData, isDetached, isIndex, isMatch, isResizable, MAX_DEPTH, MAX_OBJECTS } from './data.js'
import { advice, describe, kindName } from './describe.js'
import { type Kind, kindOf } from './kinds.js'

/** The first part of a value that is not data. */
export interface Fault {
  /** From the root of the value: `[3].user.url`. */
  readonly path: string
  /** As a predicate: `is a URL`. */
  readonly what: string
  /** The remedy, as a sentence without its full stop. */
  readonly advice: string
}

/**
 * Finds the first part that is not data in a value that `isData` refused. Slower than `isData`: call it only to explain
 * a refusal.
 */
export function faultOf(value: unknown, path = ''): Fault {
  return search(value, path, [], { shared: false, sound: new Set() }) ?? tooMany(path)
}

/** Returns undefined also for a value that holds shared memory, if `shared` allows that. */
function whyNot(value: unknown, path: string, shared: boolean): Fault | undefined {
  return shared ? search(value, path, [], { shared, sound: new Set() }) : faultOf(value, path)
}

interface Search {
  readonly shared: boolean
  /** Objects known to have no fault: one that occurs often is searched once. */
  readonly sound: Set<object>
}

/** Marks a field whose getter threw. */
class Unreadable {
  readonly thrown: unknown

  constructor(thrown: unknown) {
    this.thrown = thrown
  }
}

function tooMany(path: string): Fault {
  const what = `holds more than ${MAX_OBJECTS.toLocaleString('en-US')} objects, counted in each place where they occur`
  return { path, what, advice: 'Refer to an object that occurs often by an id' }
}

function search(value: unknown, path: string, above: readonly object[], options: Search): Fault | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return foreign(value, path)
  if (typeof value !== 'object' || value === null || options.sound.has(value)) return undefined
  if (!types.isProxy(value) && value instanceof Unreadable) return unreadable(value.thrown, path)
  try {
    return searchObject(value, path, above, options)
  } catch (thrown) {
    // The trap of a Proxy threw, or a getter that is not a field.
    return unreadable(thrown, path)
  }
}

function unreadable(thrown: unknown, path: string): Fault {
  const why = thrown instanceof Error ? thrown.message : describe(thrown)
  return { path, what: `cannot be read (${why})`, advice: 'Use a plain object of its properties' }
}

function searchObject(value: object, path: string, above: readonly object[], options: Search): Fault | undefined {
  const first = above.indexOf(value)
  if (first >= 0)
    return {
      path,
      what: `leads back to itself, ${above.length - first} up`,
      advice: 'Break the cycle: use an id in its place',
    }
  if (above.length >= MAX_DEPTH)
    return { path: shortened(path), what: `is nested deeper than ${MAX_DEPTH} levels`, advice: 'Use a flat list' }
  const kind = kindOf(value)
  if (kind === undefined) return options.shared && value instanceof SharedArrayBuffer ? undefined : foreign(value, path)
  const found = ownFault(value, kind, path)
  if (found) return found
  const inside = [...above, value]
  for (const [at, part] of partsOf(value, kind, path)) {
    const below = search(part, at, inside, options)
    if (below) return below
  }
  options.sound.add(value)
  return undefined
}

/** Returns the fault of an object itself, apart from its parts. */
function ownFault(value: object, kind: Kind, path: string): Fault | undefined {
  switch (kind) {
    case 'object':
    case 'bare':
    case 'error':
      return bySymbol(value, path)
    case 'array':
      return namesOfArray(value as readonly unknown[], path)
    case 'buffer':
    case 'typed':
      return detached(value as Uint8Array, path) ?? namesOfArray(value as Uint8Array, path)
    case 'view':
      return detached(value as DataView, path) ?? otherNames(value, path)
    case 'memory':
      return detached(value as ArrayBuffer, path) ?? resizable(value as ArrayBuffer, path) ?? otherNames(value, path)
    default:
      return otherNames(value, path)
  }
}

function partsOf(value: object, kind: Kind, path: string): Iterable<readonly [string, unknown]> {
  switch (kind) {
    case 'map':
      return entriesOf(value as Map<unknown, unknown>, path)
    case 'set':
      return itemsOf(value as Set<unknown>, path)
    case 'array':
    case 'object':
    case 'bare':
      return fieldsOf(value, path, Object.keys(value))
    case 'error': {
      const names = Object.getOwnPropertyNames(value).filter((name) => name !== 'stack')
      return fieldsOf(value, path, names)
    }
    default:
      return []
  }
}

function detached(value: ArrayBuffer | ArrayBufferView, path: string): Fault | undefined {
  if (!isDetached(value)) return undefined
  const what = `is ${kindName(value)} whose memory was transferred`
  return { path, what, advice: 'Copy the bytes before you transfer them' }
}

function resizable(memory: ArrayBuffer, path: string): Fault | undefined {
  if (!isResizable(memory)) return undefined
  return { path, what: 'is a resizable ArrayBuffer', advice: 'Use value.slice(), which has a fixed size' }
}

/** Returns the error for a value that is not data. `subject` begins its message: `A record cannot be encoded`. */
export function dataError(subject: string, { path, what, advice }: Fault): DataError {
  const where = path === '' ? 'it' : path
  return new DataError(`${subject}: ${where} ${what}. ${advice}.`, { path, what })
}

/**
 * Throws a DataError that names the path to the first part that is not data. With `shared`, the value may contain
 * memory that threads share, as the start data of a thread does.
 */
export function mustBeData(value: unknown, subject: string, path = '', shared = false): void {
  if (isData(value)) return
  const fault = whyNot(value, path, shared)
  if (fault) throw dataError(subject, fault)
}

function foreign(value: unknown, path: string): Fault {
  return { path, what: `is ${kindName(value)}`, advice: advice(value) }
}

function bySymbol(value: object, path: string): Fault | undefined {
  const [symbol] = Object.getOwnPropertySymbols(value)
  return symbol && { path, what: `has a property named by a symbol, ${describe(symbol)}`, advice: 'Name it by a text' }
}

function namesOfArray(values: ArrayLike<unknown>, path: string): Fault | undefined {
  const name = isMatch(values) ? 'index' : Object.keys(values).findLast((key) => !isIndex(key))
  if (name === undefined) return undefined
  return { path, what: `is ${kindName(values)} with a property '${name}'`, advice: 'Use its items alone, [...value]' }
}

function otherNames(value: object, path: string): Fault | undefined {
  const name = Reflect.ownKeys(value).find((key) => key !== 'lastIndex')
  if (name === undefined) return undefined
  return {
    path,
    what: `is ${kindName(value)} with a property '${String(name)}'`,
    advice: 'Keep that beside it, in an object',
  }
}

const LONGEST_NAME = 80
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

/** Returns the path of a field: `user.url`, `["odd name"]`, `[3]`. */
export function below(path: string, name: string): string {
  if (isIndex(name)) return `${path}[${name}]`
  if (name.length > LONGEST_NAME) return `${path}[${describe(name)}]`
  if (NAME.test(name)) return path === '' ? name : `${path}.${name}`
  return `${path}[${describe(name)}]`
}

function* fieldsOf(value: object, path: string, names: readonly string[]): Iterable<readonly [string, unknown]> {
  for (const name of names) yield [below(path, name), read(value, name)]
}

function read(value: object, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[name]
  } catch (thrown) {
    return new Unreadable(thrown)
  }
}

function* entriesOf(map: ReadonlyMap<unknown, unknown>, path: string): Iterable<readonly [string, unknown]> {
  for (const [key, value] of map) {
    yield [`${path}.keys()`, key]
    yield [`${path}.get(${typeof key === 'object' && key !== null ? '...' : describe(key)})`, value]
  }
}

function* itemsOf(set: ReadonlySet<unknown>, path: string): Iterable<readonly [string, unknown]> {
  for (const value of set) yield [`${path}.values()`, value]
}

/** Shortens a path of hundreds of steps: its beginning says enough. */
function shortened(path: string): string {
  return path.length > 100 ? `${path.slice(0, 100)}...` : path
}
