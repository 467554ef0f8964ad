import type { FnRef } from './ref.js'

/**
 * Returns whether JSON preserves a value exactly: it writes NaN as null, a Map as {}, and drops undefined.
 */
function isExact(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      if (value === null || Array.isArray(value)) return true
      // A Date has no own properties and an object may be cloned from another realm, so the tag decides.
      return Object.prototype.toString.call(value) === '[object Object]' && !('toJSON' in value)
    default:
      return false
  }
}

/**
 * Returns a text that is the same for equal references and different for others; undefined if JSON cannot ensure that.
 */
export const refKey = (ref: FnRef): string | undefined => exactJson(ref)

/** Returns the value as JSON, or undefined where JSON would lose a part of it. */
export function exactJson(value: unknown): string | undefined {
  let exact = true
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, value: unknown) {
    // `value` has passed through toJSON; `this[key]` is the original.
    if (exact && !isExact(this[key])) exact = false
    return exact ? value : undefined
  })
  return exact ? text : undefined
}
