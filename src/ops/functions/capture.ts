import { CaptureError } from '../../errors.js'
import { builtinRef } from './builtin.js'
import { noteCallSite } from './call-sites.js'
import { checkFunction } from './check-function.js'
import { unguarded } from './guard.js'
import './common.js'
import { environmentOf, unwrapped } from './env.js'
import { globalPath, isGlobalName } from './globals.js'
import { withMeaning } from './meaning/meaning.js'
import { recognised } from './meaning/recognise.js'
import { declaring } from './pure.js'
import type { AnyFunction, EnvValue, FnRef, ReturnKind, UserRef } from './ref.js'
import { withReturnKind } from './results.js'
import { type FreeVariables, freeVariables } from './syntax/free-variables.js'
import { compilerAdvice, IMPORT_OBJECT, isHelper } from './syntax/loader-names.js'
import type { FunctionTable } from './table.js'

/** Functions that threads already have, because they loaded the same pipeline module. */
export interface KnownFunctions {
  readonly table?: FunctionTable
  readonly exports?: ReadonlyMap<AnyFunction, string>
}

const analyses = new WeakMap<AnyFunction, FreeVariables>()
const references = new WeakMap<AnyFunction, UserRef>()

/**
 * Returns a reference by which any thread finds the function: as a library function, by the pipeline module's table or
 * exports, as a global, or by its source. Each function object is analysed once.
 * @param label the operation that takes the function, for errors.
 * @param returns how the operation uses the function's results.
 * @throws ArgumentError if `fn` is not a function, or is of an unsuitable kind; CaptureError if its source would mean
 *   something else in another thread.
 */
export function capture(
  fn: AnyFunction,
  label: string,
  known: KnownFunctions = {},
  returns: ReturnKind = 'value',
): FnRef {
  checkFunction(fn, label, returns)
  // A function that was resolved from a reference may be captured again.
  fn = recognised(unguarded(fn))
  const named = builtinRef(unwrapped(fn), (inner, of) => capture(inner, label, known, of))
  return named ?? withReturnKind(userRef(fn, label, known), returns)
}

function userRef(fn: AnyFunction, label: string, known: KnownFunctions): UserRef {
  return declaring(refOf(fn, label, known), fn)
}

function refOf(fn: AnyFunction, label: string, known: KnownFunctions): UserRef {
  const target = unwrapped(fn)
  const i = known.table?.indexOf(target)
  if (i !== undefined) return withMeaning({ k: 'table', i }, target)
  const name = known.exports?.get(fn) ?? known.exports?.get(target)
  if (name !== undefined) return withMeaning({ k: 'export', name }, target)
  const cached = references.get(fn)
  if (cached !== undefined) return cached
  const path = globalPath(target)
  if (path !== undefined) return withMeaning({ k: 'global', path }, target)
  return bySource(fn, target, label, known)
}

function bySource(carrier: AnyFunction, target: AnyFunction, label: string, known: KnownFunctions): UserRef {
  const entries = environmentOf(carrier)?.entries
  const { text, names, relativeImports } = analysisOf(target, label)
  noteCallSite(text)
  const env: Record<string, EnvValue> = {}
  const missing: string[] = []
  let fixed = true
  for (const name of names) {
    const entry = entries?.get(name)
    if (entry === undefined) {
      if (!isGlobalName(name) && !isHelper(name, text)) missing.push(name)
    } else if ('fn' in entry) {
      // The whole reference is not cached, because references of inner functions depend on `known`. Nor is `returns`:
      // only the outer function knows whether it awaits the result.
      env[name] = { fn: inner(entry.fn, `${label} (${name}${THROUGH_ENV}`, known) }
      fixed = false
    } else env[name] = entry
  }
  if (missing.length > 0) throw new CaptureError(missingMessage(label, missing, text), { label, variables: missing })
  if (relativeImports.length > 0) {
    throw new CaptureError(
      `${label}: the function imports ${quoted(relativeImports)}, a path relative to its module, but only its source text is shipped. ` +
        'Import by package name or absolute URL, or put the code into a pipeline module and export the function.' +
        shown(text),
      { label, imports: relativeImports },
    )
  }
  const plain: UserRef = Object.keys(env).length > 0 ? { k: 'source', text, env } : { k: 'source', text }
  if (!fixed) return plain
  const ref = withMeaning(plain, target)
  references.set(carrier, ref)
  return ref
}

function inner(fn: AnyFunction, label: string, known: KnownFunctions): FnRef {
  return builtinRef(unwrapped(fn), (of, returns) => capture(of, label, known, returns)) ?? userRef(fn, label, known)
}

/** Checks a function by its source alone. Throws CaptureError if it uses variables from its surroundings. */
export function checkCaptured(source: string, label: string): void {
  const { names, text } = freeVariables(source)
  const missing = names.filter((name) => !isGlobalName(name) && !isHelper(name, text))
  if (missing.length > 0) throw new CaptureError(missingMessage(label, missing, text), { label, variables: missing })
}

function analysisOf(fn: AnyFunction, label: string): FreeVariables {
  let analysis = analyses.get(fn)
  if (analysis !== undefined) return analysis
  try {
    analysis = freeVariables(String(fn))
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    throw new CaptureError(
      `${label}: ${error.message} Other threads receive only its source text. Wrap the function, as in ` +
        '(value) => theFunction(value), and pass its variables through withEnv; or put it into a pipeline module and export it.',
      { label, ...error.details },
    )
  }
  analyses.set(fn, analysis)
  return analysis
}

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
const shown = (text: string): string => `\nThe function: ${text.length > 200 ? `${text.slice(0, 200)}...` : text}`

const MINIFIED = ' If a minifier made these names, turn it off for this code (esbuild, Vite minify: false).'
/** Ends the label of a function among the values of withEnv. */
const THROUGH_ENV = ' passed through withEnv)'

/** Words that withEnv cannot define, and imports whose names a loader removed. */
const PLACE_BOUND = new Set(['this', 'super', 'new.target', 'import.meta', 'arguments'])
const isPlaceBound = (name: string): boolean => PLACE_BOUND.has(name) || IMPORT_OBJECT.test(name)

/** Matches a factory of this package that was passed without a call, such as `words` instead of `words()`. */
const UNCALLED = /^function (\w+)\([\s\S]*\breturn builtin\(/

function missingMessage(label: string, missing: readonly string[], text: string): string {
  const factory = missing.includes('builtin') ? UNCALLED.exec(text)?.[1] : undefined
  if (factory !== undefined)
    return `${label} got ${factory}, which returns the function to use. Call it: ${factory}(...).`
  const variables = missing.filter((name) => !isPlaceBound(name))
  const bound = missing.filter((name) => isPlaceBound(name))
  const parts: string[] = []
  const uses = `${label}: the function uses ${quoted(variables)} of its surroundings, but only its source text is shipped to the other threads.`
  const compiler = compilerAdvice(variables)
  if (variables.length === 0) {
    // All names are words that are bound to their module.
  } else if (compiler !== undefined) {
    parts.push(`${uses} ${compiler} Or put the code into a pipeline module, where closures work.`)
  } else if (label.endsWith(THROUGH_ENV)) {
    parts.push(
      `${uses} If you wrote it, pass its variables with a withEnv of its own. If it is imported, put the code into ` +
        'a pipeline module, where imports work, or load its module inside your function, as in ' +
        "const { createHash } = process.getBuiltinModule('node:crypto').",
    )
  } else {
    const minified = variables.every((name) => name.length <= 2)
    parts.push(
      `${uses} Pass it with withEnv({ ${variables.join(', ')} }, fn); make large data a broadcast variable ` +
        'and pass that; import other modules inside the function; or put the code into a pipeline module, ' +
        `where closures and imports work, and export the function.${minified ? MINIFIED : ''}`,
    )
  }
  if (bound.length > 0) {
    parts.push(
      `${label}: the function uses ${quoted(bound)}, which means something only where it was written. Read the value ` +
        'into a variable outside and pass that with withEnv({ name }, fn), or put the code into a pipeline module and ' +
        'export the function.',
    )
  }
  return parts.join('\n') + shown(text)
}
