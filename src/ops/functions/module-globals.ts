import type { AnyFunction } from './ref.js'

/** Globals whose use by a function can be observed. */
export type ObservedGlobal = 'JSON' | 'Math' | 'Number'

/**
 * Returns whether these names in a module's function are the language's globals, and not variables of the module: calls
 * it once with others in their place, which note that they are called. The caller has read the function's text, so it
 * calls nothing else. A function that calls one of them only for some records is not certain.
 */
export function usesGlobals(fn: AnyFunction, names: ReadonlySet<ObservedGlobal>, args: readonly unknown[]): boolean {
  const missing = new Set(names)
  const note =
    (name: ObservedGlobal, result: unknown): AnyFunction =>
    () => {
      missing.delete(name)
      return result
    }
  const stands = {
    JSON: { parse: note('JSON', ANYTHING) },
    Math: { max: note('Math', 0), min: note('Math', 0) },
    Number: note('Number', 0),
  }
  const before = { JSON: globalThis.JSON, Math: globalThis.Math, Number: globalThis.Number }
  try {
    Object.assign(globalThis, stands)
    fn(...args)
  } catch {
    // Frozen globals, or a variable of the module that took the call. Either leaves the name missing.
  } finally {
    restore(before)
  }
  return missing.size === 0
}

function restore(globals: object): void {
  try {
    Object.assign(globalThis, globals)
  } catch {
    // They are frozen, so they were not replaced.
  }
}

/** A value of which every property is such a value too. */
const ANYTHING: unknown = new Proxy(() => {}, {
  get: (_, key) => {
    if (key === Symbol.toPrimitive) return () => 0
    return key === Symbol.iterator ? someOfAnything : ANYTHING
  },
  apply: () => ANYTHING,
})

function* someOfAnything(): Generator<unknown> {
  for (;;) yield ANYTHING
}
