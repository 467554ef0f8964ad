import type { AnyFunction } from '../ref.js'

/**
 * Names that loaders write into the text of functions. Seen on Node 20 to 24:
 *
 * | loader       | source                    | text of the function                    | answer                       |
 * | ------------ | ------------------------- | --------------------------------------- | ---------------------------- |
 * | esbuild, tsx | `const f = () => 1`       | `const f = __name(() => 1, "f")`        | HELPERS                      |
 * | esbuild, tsx | `using a = b()`           | `__using(_stack, b())`, `__callDispose` | HELPERS                      |
 * | vite, vitest | `join(x)`, `join` imported | `(0,__vite_ssr_import_0__.join)(x)`     | rewritten to `(0,join)(x)`   |
 * | vite, vitest | `import('x')`             | `__vite_ssr_dynamic_import__('x')`      | rewritten to `import('x')`   |
 * Symbol.dispose is missing from the types of some supported Node versions; esbuild falls back to Symbol.for too.
 */
export const IMPORT_OBJECT = /^__(?:vite_ssr|vi)_import_\d+__$/
export const DYNAMIC_IMPORT = '__vite_ssr_dynamic_import__'
export const IMPORT_META = '__vite_ssr_import_meta__'
export const NAME_HELPER = '__name'

type Disposal = readonly [isAsync: boolean, dispose?: AnyFunction, resource?: unknown]

function using(stack: Disposal[], resource: unknown, isAsync?: boolean): unknown {
  if (resource === null || resource === undefined) {
    if (isAsync) stack.push([true])
    return resource
  }
  const holder = resource as Record<symbol, AnyFunction | undefined>
  // Symbol.dispose is not in the types of every supported Node; esbuild falls back to Symbol.for in the same way.
  const symbols = Symbol as unknown as Record<string, symbol | undefined>
  const asyncDispose = symbols.asyncDispose ?? Symbol.for('Symbol.asyncDispose')
  const dispose =
    (isAsync ? holder[asyncDispose] : undefined) ?? holder[symbols.dispose ?? Symbol.for('Symbol.dispose')]
  if (typeof dispose !== 'function') throw new TypeError('A resource declared by `using` has no dispose method')
  stack.push([isAsync === true, dispose, resource])
  return resource
}

function suppressed(error: unknown, earlier: unknown): Error {
  const both = new Error('An error was suppressed during disposal.')
  return Object.assign(both, { name: 'SuppressedError', error, suppressed: earlier })
}

function callDispose(stack: Disposal[], error: unknown, hasError: boolean | undefined): unknown {
  const fail = (fault: unknown): void => {
    error = hasError ? suppressed(fault, error) : fault
    hasError = true
  }
  const next = (): unknown => {
    for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
      const [isAsync, dispose, resource] = entry
      try {
        const result: unknown = dispose?.call(resource)
        if (isAsync) {
          return Promise.resolve(result).then(next, (fault: unknown) => {
            fail(fault)
            return next()
          })
        }
      } catch (fault) {
        fail(fault)
      }
    }
    if (hasError) throw error
    return undefined
  }
  return next()
}

/** The functions to which shipped text resolves the names of esbuild's helpers. */
const HELPERS: Readonly<Record<string, AnyFunction>> = {
  [NAME_HELPER]: (target: object, value: string) =>
    Object.defineProperty(target, 'name', { value, configurable: true }),
  __using: using,
  __callDispose: callDispose,
}

/** The counters of istanbul (nyc, Jest, vitest): it writes `cov_1x2y3z().s[0]++` beside each statement. */
const COUNTERS = /\bcov_[a-z0-9]+(?=\(\)\.[sfb]\[)/g
const COUNTER = /^cov_[a-z0-9]+$/

/** Returns whether a text uses the name only as istanbul does. A user's variable may have such a name too. */
function isCounter(name: string, text: string): boolean {
  return COUNTER.test(name) && !new RegExp(`\\b${name}\\b(?!\\(\\)\\.[sfb]\\[)`).test(text)
}

/** Accepts every count and stores none: threads that run shipped text report no coverage. */
const counter: AnyFunction = new Proxy(() => counter, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => 0 : counter),
  set: () => true,
}) as AnyFunction

/** Returns the functions for the names that tools write into the text of a function. */
export function helpersOf(text: string): Record<string, AnyFunction> {
  const names = (text.match(COUNTERS) ?? []).filter((name) => isCounter(name, text))
  const counters = names.map((name) => [name, counter] as const)
  return { ...HELPERS, ...Object.fromEntries(counters) }
}

/** Returns whether helpersOf(text) provides the name. */
export const isHelper = (name: string, text: string): boolean => Object.hasOwn(HELPERS, name) || isCounter(name, text)

const LOWERED =
  /^__(?:spread|objRest|async|await|private|yield|for|pow|publicField|generator|assign|rest|read|values|template|super|class)/
/** Helpers of swc. */
const SWC = /^_(?:object_spread|async_to_generator|object_without|define_property|class_private|ts_generator|sliced_to)/
/** Returns the compiler setting to change for such names, or undefined if they are names that users write. */
export function compilerAdvice(names: readonly string[]): string | undefined {
  if (names.some((name) => LOWERED.test(name) || SWC.test(name)))
    return (
      'A compiler wrote these helpers because its target is older than this Node. Raise the target: esbuild, tsup and Vite ' +
      'target: \'es2022\'; TypeScript "target": "ES2022"; swc "jsc": { "target": "es2022" }.'
    )
  return undefined
}
