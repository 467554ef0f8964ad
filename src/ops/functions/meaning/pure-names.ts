/*
 * The parts of the language that a function may use and still be proven free of effects outside of its thread. A name
 * belongs in these lists only if it calls no unknown code, whatever the arguments.
 */

const list = (names: string): ReadonlySet<string> => new Set(names.trim().split(/\s+/))

/** Globals that are values. */
export const CONSTANTS = list('undefined NaN Infinity')

/** Globals that a function may call, and pass as callbacks. */
export const FUNCTIONS = list(`
  Array BigInt Boolean Date Error EvalError Number Object RangeError ReferenceError RegExp String SyntaxError TypeError URIError
  decodeURI decodeURIComponent encodeURI encodeURIComponent isFinite isNaN parseFloat parseInt
`)

/** Globals that a function may construct. */
export const CONSTRUCTORS = list(`
  Array ArrayBuffer DataView Date Error EvalError Map RangeError ReferenceError RegExp Set SyntaxError TypeError URIError
  BigInt64Array BigUint64Array Float32Array Float64Array Int8Array Int16Array Int32Array Uint8Array Uint8ClampedArray Uint16Array
  Uint32Array
`)

/** Globals whose new objects share no memory with the arguments of their construction. */
export const COPYING = list('Array Date Map Set')

/** Paths of global functions that a function may call, and pass as callbacks. */
export const STATICS = list(`
  Array.from Array.isArray Array.of BigInt.asIntN BigInt.asUintN Date.UTC Date.now Date.parse JSON.parse JSON.stringify
  Map.groupBy Math.abs Math.acos Math.acosh Math.asin Math.asinh Math.atan Math.atan2 Math.atanh Math.cbrt Math.ceil Math.clz32
  Math.cos Math.cosh Math.exp Math.expm1 Math.floor Math.fround Math.hypot Math.imul Math.log Math.log10 Math.log1p Math.log2
  Math.max Math.min Math.pow Math.random Math.round Math.sign Math.sin Math.sinh Math.sqrt Math.tan Math.tanh Math.trunc
  Number.isFinite Number.isInteger Number.isNaN Number.isSafeInteger Number.parseFloat Number.parseInt Object.entries
  Object.fromEntries Object.groupBy Object.hasOwn Object.is Object.keys Object.values String.fromCharCode String.fromCodePoint
  String.raw
`)

/** Global objects whose constants a function may read. */
export const CONSTANT_PATH = /^(?:Math|Number)\.[A-Z][A-Z0-9_]*$/

/** Methods of data that do not change their receiver. */
const READING = list(`
  at charAt charCodeAt codePointAt concat endsWith entries every exec filter find findIndex findLast findLastIndex flat flatMap
  forEach get has hasOwnProperty includes indexOf isWellFormed join keys lastIndexOf localeCompare map match matchAll next
  normalize padEnd padStart reduce reduceRight repeat replace replaceAll search slice some split startsWith subarray substr
  substring test toDateString toExponential toFixed toISOString toJSON toLocaleDateString toLocaleLowerCase toLocaleString
  toLocaleTimeString toLocaleUpperCase toLowerCase toPrecision toReversed toSorted toSpliced toString toTimeString toUTCString
  toUpperCase toWellFormed trim trimEnd trimStart valueOf values with
`)
/** Methods that may move the position of their receiver, a regular expression or an iterator. */
export const MOVING = list('exec next test')
/** Methods that may move the position of their first argument, a regular expression. */
export const MATCHING = list('match matchAll replace replaceAll search split')
const DATE_PART = /^[gs]et(?:UTC)?(?:Date|Day|FullYear|Hours|Milliseconds|Minutes|Month|Seconds|Time|TimezoneOffset)$/

/** Methods of data that change their receiver. */
const CHANGING = list('add clear copyWithin delete fill pop push reverse set shift sort splice unshift')

/** Methods and static functions whose result is a new object. */
export const MAKING = list(`
  Array.from Array.of Object.entries Object.fromEntries Object.keys Object.values JSON.parse concat filter flat flatMap map
  slice split toReversed toSorted toSpliced with
`)

/** Returns what a method of data does to its receiver; undefined for a method that is not in the lists. */
export function methodOf(name: string): 'reads' | 'changes' | undefined {
  if (READING.has(name)) return 'reads'
  if (CHANGING.has(name)) return 'changes'
  if (DATE_PART.test(name)) return name.startsWith('get') ? 'reads' : 'changes'
  return undefined
}

/** The methods and static functions that accept a callback: by name, the index of that argument. */
export const CALLBACKS: ReadonlyMap<string, number> = new Map([
  ...[
    ...list(
      'every filter find findIndex findLast findLastIndex flatMap forEach map reduce reduceRight some sort toSorted',
    ),
  ].map((name): [string, number] => [name, 0]),
  ...[...list('replace replaceAll Array.from JSON.parse JSON.stringify Map.groupBy Object.groupBy')].map(
    (name): [string, number] => [name, 1],
  ),
])

/** Properties that lead from a value to its constructor, its prototype, or a way to call functions. */
export const FORBIDDEN = list(`
  __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ __proto__ arguments callee caller constructor prototype
`)
