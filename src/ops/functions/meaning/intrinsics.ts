/*
 * Detects patches of the language's own objects. If the host or a module has replaced `map` of arrays, a proof that a
 * function only calls `map` is void.
 */

const textOf = Function.prototype.call.bind(Function.prototype.toString) as (fn: unknown) => string
const getDescriptor = Object.getOwnPropertyDescriptor
const ownKeys = Reflect.ownKeys

const prototypeOf = (value: object): object => Object.getPrototypeOf(value) as object

const CLASSES = [
  Object,
  Function,
  Array,
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Date,
  Map,
  Set,
  ArrayBuffer,
  DataView,
  Uint8Array,
  Float64Array,
]

/** The objects whose members a proven function may call, and the prototypes of their iterators. */
const OBJECTS: readonly object[] = [
  ...CLASSES,
  ...CLASSES.map(({ prototype }) => prototype as object),
  prototypeOf(Uint8Array),
  prototypeOf(Uint8Array.prototype),
  Buffer.prototype,
  // Without `Error` and `RegExp` themselves: programs set hooks for stack traces, and matching sets the last match, on
  // them.
  Error.prototype,
  RegExp.prototype,
  Math,
  JSON,
  ...[[][Symbol.iterator](), ''[Symbol.iterator](), new Map().entries(), new Set().entries(), ''.matchAll(/ /g)].map(
    prototypeOf,
  ),
  prototypeOf(prototypeOf([][Symbol.iterator]())),
  prototypeOf(prototypeOf((function* () {})())),
]

/** Global functions that a proven function may call besides the members of the objects above. */
const GLOBALS = [
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'isFinite',
  'isNaN',
  'parseFloat',
  'parseInt',
  ...CLASSES.map(({ name }) => name),
  'Math',
  'JSON',
]

type Part = readonly [key: string | symbol, value: unknown, get: unknown, set: unknown]

/** The state when this module was loaded, which is before a worker loads its pipeline module. */
const atLoad = OBJECTS.map((object) => ({ object, parts: partsOf(object) }))
const globalsAtLoad = GLOBALS.map((name) => (globalThis as Record<string, unknown>)[name])
let wereNative: boolean | undefined

function partsOf(object: object): Part[] {
  return ownKeys(object).map((key) => {
    const { value, get, set } = getDescriptor(object, key)!
    return [key, value, get, set]
  })
}

/**
 * Returns whether the language's objects are unchanged since this module was loaded, and were the original ones then.
 * Cost: 0.3 ms.
 */
export function intrinsicsIntact(): boolean {
  return (
    werePristine() &&
    globalsAtLoad.every((value, i) => (globalThis as Record<string, unknown>)[GLOBALS[i]!] === value) &&
    atLoad.every(({ object, parts }) => {
      const now = ownKeys(object)
      return now.length === parts.length && parts.every((part) => isUnchanged(object, part))
    })
  )
}

/** Objects whose members the functions call that kernels replace. */
const OF_TEXT: ReadonlySet<object> = new Set<object>([
  Object.prototype,
  Array.prototype,
  String.prototype,
  RegExp.prototype,
  JSON,
  Number,
  prototypeOf([][Symbol.iterator]()),
])
const ofText = atLoad.filter(({ object }) => OF_TEXT.has(object))
const TEXT_GLOBALS = ['Boolean', 'JSON', 'Math', 'Number']
const globalsOfText = GLOBALS.flatMap((name, i) =>
  TEXT_GLOBALS.includes(name) ? [{ name, value: globalsAtLoad[i] }] : [],
)
const SPECIES = partsOf(RegExp).filter(([key]) => key === Symbol.species)
const MATH_NAMES: readonly unknown[] = ['abs', 'ceil', 'floor', 'max', 'min', 'round', 'trunc']
const MATH = atLoad.find(({ object }) => object === Math)!.parts.filter(([key]) => MATH_NAMES.includes(key))

/**
 * Returns whether text, JSON and numbers are processed as the language does, for functions that kernels replace. Cost:
 * a few microseconds.
 */
export function textIntrinsicsIntact(): boolean {
  return (
    werePristine() &&
    globalsOfText.every(({ name, value }) => (globalThis as Record<string, unknown>)[name] === value) &&
    MATH.every((part) => isUnchanged(Math, part)) &&
    SPECIES.every((part) => isUnchanged(RegExp, part)) &&
    ofText.every(({ object, parts }) => parts.every((part) => isUnchanged(object, part))) &&
    // A missing field is looked up here, and `split` looks for a method of its separator.
    ownKeys(Object.prototype).length === atLoad[OBJECTS.indexOf(Object.prototype)]!.parts.length &&
    !(Symbol.split in String.prototype)
  )
}

function werePristine(): boolean {
  wereNative ??= atLoad.every(({ object, parts }) => object === Buffer.prototype || parts.every(isNative))
  return wereNative
}

function isUnchanged(object: object, [key, value, get, set]: Part): boolean {
  const now = getDescriptor(object, key)
  return now !== undefined && now.get === get && now.set === set && Object.is(now.value, value)
}

/** Bound functions and Proxies have a native text without a name. */
const NATIVE = /^function (?:get |set )?[\w[\].]+\(\) \{ \[native code\] \}$/
/** Native functions without a name that are original: Function.prototype, and accessors that throw. */
const NAMELESS = new Set<string | symbol>(['arguments', 'caller', 'prototype'])

function isNative([key, ...parts]: Part): boolean {
  return NAMELESS.has(key) || parts.every((part) => typeof part !== 'function' || NATIVE.test(textOf(part)))
}
