import { types } from 'node:util'

/**
 * The kinds of objects that are data: another thread or a file returns them with the same class and the same contents.
 * `docs/guarantees.md` lists them for users.
 */
export type Kind =
  | 'object'
  | 'bare'
  | 'array'
  | 'map'
  | 'set'
  | 'date'
  | 'regexp'
  | 'buffer'
  | 'typed'
  | 'memory'
  | 'view'
  | 'error'

interface Known {
  readonly kind: Kind
  readonly prototype: object
  /** Checks the object itself: `Object.create(Map.prototype)` has the prototype and is not a Map. */
  readonly is: (value: unknown) => boolean
}

const isAny = () => true

function known(kind: Kind, is: (value: unknown) => boolean, classes: readonly { readonly prototype: object }[]) {
  return classes.map(({ prototype }): Known => ({ kind, prototype, is }))
}

/** In the order of their numbers in the codec, so append only. */
export const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const

/** In the order of their numbers in the codec, so append only. */
export const ERRORS = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
] as const

const ALL: readonly Known[] = [
  ...known('object', isAny, [Object]),
  ...known('array', Array.isArray, [Array]),
  ...known('map', types.isMap, [Map]),
  ...known('set', types.isSet, [Set]),
  ...known('date', types.isDate, [Date]),
  ...known('regexp', types.isRegExp, [RegExp]),
  ...known('buffer', types.isUint8Array, [Buffer]),
  ...known('typed', types.isTypedArray, TYPED_ARRAYS),
  ...known('memory', types.isArrayBuffer, [ArrayBuffer]),
  ...known('view', types.isDataView, [DataView]),
  ...known('error', types.isNativeError, ERRORS),
]

const BY_PROTOTYPE = new Map(ALL.map((one) => [one.prototype, one]))
const BY_NAME = new Map(ALL.map((one) => [one.prototype.constructor.name, one]))

/**
 * Returns the kind of an object that may be data; undefined for an instance of another class. Does not read its
 * contents.
 */
export function kindOf(value: object): Kind | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null) return 'bare'
  const found = BY_PROTOTYPE.get(prototype) ?? ofAnotherRealm(prototype)
  return found?.is(value) ? found.kind : undefined
}

/**
 * Compares prototype chains by names, because a REPL, a test runner and node:vm have their own copies of the built-in
 * classes.
 */
function ofAnotherRealm(prototype: object): Known | undefined {
  const found = BY_NAME.get(nameOf(prototype))
  let mine = found?.prototype as object | null | undefined
  let theirs: object | null = prototype
  while (mine && theirs && nameOf(mine) === nameOf(theirs)) {
    mine = Object.getPrototypeOf(mine) as object | null
    theirs = Object.getPrototypeOf(theirs) as object | null
  }
  return mine === null && theirs === null ? found : undefined
}

function nameOf(prototype: object): string {
  const { constructor: made } = prototype as { constructor?: unknown }
  return typeof made === 'function' ? made.name : ''
}
