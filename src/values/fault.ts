import { DataError } from '../errors.js'
import { isIndex, isMatch, MAX_DEPTH } from './data.js'
import { advice, kindName } from './describe.js'
import { kindOf } from './kinds.js'

/** The first part of a value that is not data. */
export interface Fault {
  /** From the root that was given: `[3].user.url`. */
  readonly path: string
  /** As a predicate: `is a URL`. */
  readonly what: string
  /** What to do, a sentence without its full stop. */
  readonly advice: string
}

/**
 * Finds the first part of a value that is not data; undefined where all of it is. Slower than `fitOf`, which decides: call
 * it to explain a refusal. `shared`: memory that threads share may be part of it, as in what a thread is started with.
 */
export function faultIn(value: unknown, path = '', above: readonly object[] = [], shared = false): Fault | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return foreign(value, path)
  if (typeof value !== 'object' || value === null) return undefined
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
  if (kind === undefined) return shared && value instanceof SharedArrayBuffer ? undefined : foreign(value, path)
  const inside = [...above, value]
  const all = (parts: Iterable<readonly [string, unknown]>) => {
    for (const [at, part] of parts) {
      const found = faultIn(part, at, inside, shared)
      if (found) return found
    }
    return undefined
  }
  switch (kind) {
    case 'map':
      return otherNames(value, path) ?? all(entriesOf(value as Map<unknown, unknown>, path))
    case 'set':
      return otherNames(value, path) ?? all(itemsOf(value as Set<unknown>, path))
    case 'array':
      return namesOfArray(value as readonly unknown[], path) ?? all(fieldsOf(value, path, Object.keys(value)))
    case 'object':
    case 'bare':
      return bySymbol(value, path) ?? all(fieldsOf(value, path, Object.keys(value)))
    case 'error':
      return (
        bySymbol(value, path) ??
        all(
          fieldsOf(
            value,
            path,
            Object.getOwnPropertyNames(value).filter((name) => name !== 'stack'),
          ),
        )
      )
    case 'buffer':
    case 'typed':
      return undefined
    default:
      return otherNames(value, path)
  }
}

/** The error of a value that is not data. `subject` begins its message: `A record cannot be encoded`. */
export function dataError(subject: string, { path, what, advice }: Fault): DataError {
  const where = path === '' ? 'it' : path
  return new DataError(`${subject}: ${where} ${what}. ${advice}.`, { path, what })
}

/** Throws a DataError that names the path to the first part that is not data. */
export function mustBeData(value: unknown, subject: string, path = '', shared = false): void {
  const fault = faultIn(value, path, [], shared)
  if (fault) throw dataError(subject, fault)
}

function foreign(value: unknown, path: string): Fault {
  return { path, what: `is ${kindName(value)}`, advice: advice(value) }
}

function bySymbol(value: object, path: string): Fault | undefined {
  const [symbol] = Object.getOwnPropertySymbols(value)
  return symbol && { path, what: `has a property named by a symbol, ${String(symbol)}`, advice: 'Name it by a text' }
}

function namesOfArray(values: readonly unknown[], path: string): Fault | undefined {
  const name = isMatch(values) ? 'index' : Object.keys(values).findLast((key) => !isIndex(key))
  if (name === undefined) return undefined
  return { path, what: `is an array with a property '${name}'`, advice: 'Use its items alone, [...value]' }
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

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

/** The path of a field: `user.url`, `['odd name']`, `[3]`. */
export function below(path: string, name: string): string {
  if (isIndex(name)) return `${path}[${name}]`
  if (NAME.test(name)) return path === '' ? name : `${path}.${name}`
  return `${path}[${JSON.stringify(name)}]`
}

function* fieldsOf(value: object, path: string, names: readonly string[]): Iterable<readonly [string, unknown]> {
  for (const name of names) yield [below(path, name), (value as Readonly<Record<string, unknown>>)[name]]
}

function* entriesOf(map: ReadonlyMap<unknown, unknown>, path: string): Iterable<readonly [string, unknown]> {
  for (const [key, value] of map) {
    yield [`${path}.keys()`, key]
    yield [
      `${path}.get(${typeof key === 'string' ? JSON.stringify(key) : typeof key === 'object' ? '...' : String(key)})`,
      value,
    ]
  }
}

function* itemsOf(set: ReadonlySet<unknown>, path: string): Iterable<readonly [string, unknown]> {
  for (const value of set) yield [`${path}.values()`, value]
}

/** A path of hundreds of steps says no more than its beginning. */
function shortened(path: string): string {
  return path.length > 100 ? `${path.slice(0, 100)}...` : path
}
