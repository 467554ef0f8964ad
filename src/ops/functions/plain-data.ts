import { className } from '../../values/describe.js'

export { describe } from '../../values/describe.js'

/** Kinds of objects that reach another thread as they are, by their `Object.prototype.toString` tag. */
const WHOLE = new Set(
  (
    'Date RegExp ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array ' +
    'Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array Boolean Number String'
  ).split(' '),
)

/** True for `{ ... }` of any realm (a shell's objects have another Object.prototype). */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * What in a value would not be the same in another thread, as a phrase with its path (`rules[2].test is a function`),
 * or undefined if all of it is plain data. Structured cloning alone would turn a class instance into a bare object
 * silently, a Buffer into a Uint8Array, and would refuse a function without saying where it is. Cost: a visit of every
 * value, but not of the elements of typed arrays.
 */
export function foreignPart(value: unknown, path: string, seen: Set<object> = new Set()): string | undefined {
  if (typeof value === 'function') return `${path} is a function`
  if (typeof value === 'symbol') return `${path} is a symbol`
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined
  seen.add(value)
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  const name = className(value)
  if (Array.isArray(value)) {
    if (name !== 'Array') return `${path} is an instance of class ${name}`
    for (let i = 0; i < value.length; i++) {
      const found = foreignPart(value[i], `${path}[${i}]`, seen)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (name === tag && WHOLE.has(tag)) return undefined
  if (name === tag && (tag === 'Map' || tag === 'Set')) {
    for (const [key, item] of (value as Map<unknown, unknown> | Set<unknown>).entries()) {
      const found = foreignPart(key, `a key of ${path}`, seen) ?? foreignPart(item, `a value of ${path}`, seen)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (!isPlainObject(value) || tag !== 'Object') return `${path} is an instance of class ${name || tag}`
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') return `${path} has a property named by a symbol`
    const found = foreignPart((value as Record<string, unknown>)[key], `${path}.${key}`, seen)
    if (found !== undefined) return found
  }
  return undefined
}
