import type { FnRef } from './ref.js'

/** Whether JSON keeps a value apart from every other: it makes null of NaN, {} of a Map and nothing of undefined. */
function isExact(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      if (value === null || Array.isArray(value)) return true
      // A Date has no own properties, and an object of this kind may be cloned: compare by what it is.
      return Object.prototype.toString.call(value) === '[object Object]' && !('toJSON' in value)
    default:
      return false
  }
}

/** A text that equal references share and different ones do not; undefined where JSON cannot promise that. */
export const refKey = (ref: FnRef): string | undefined => exactJson(ref)

/** The value as JSON, or undefined where that would not be all of it. */
export function exactJson(value: unknown): string | undefined {
  let exact = true
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, value: unknown) {
    // `this[key]`, since `value` has been through toJSON.
    if (exact && !isExact(this[key])) exact = false
    return exact ? value : undefined
  })
  return exact ? text : undefined
}
