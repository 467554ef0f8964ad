import { CaptureError } from '../../errors.js'
import { builtinRef } from './builtin.js'
import { noteCallSite } from './call-sites.js'
import { checkFunction } from './check-function.js'
import { unguarded } from './guard.js'
import './common.js'
import { environmentOf, unwrapped } from './env.js'
import { type FreeVariables, freeVariables } from './free-variables.js'
import { globalPath, isGlobalName } from './globals.js'
import { compilerAdvice, IMPORT_OBJECT, isHelper } from './loader-names.js'
import { recognised } from './recognise.js'
import type { AnyFunction, EnvValue, FnRef, UserRef } from './ref.js'
import { type Gives, giving } from './results.js'
import type { FunctionTable } from './table.js'

/** Functions that threads know already because they loaded the same pipeline module. */
export interface KnownFunctions {
  readonly table?: FunctionTable
  readonly exports?: ReadonlyMap<AnyFunction, string>
}

const analyses = new WeakMap<AnyFunction, FreeVariables>()
const references = new WeakMap<AnyFunction, UserRef>()

/**
 * Names a function so that any thread can find it: as a library function, by the pipeline module's table or exports, as
 * a global, or by its text. The text is analysed once for each function object.
 * @param label the operation it was given to, as errors shall name it.
 * @param gives what the operation does with its results.
 * @throws ArgumentError if `fn` is no function, or of a kind that does not fit; CaptureError if its text does not stand for it in another thread.
 */
export function capture(fn: AnyFunction, label: string, known: KnownFunctions = {}, gives: Gives = 'value'): FnRef {
  checkFunction(fn, label, gives)
  // A function that a reference was resolved to may be captured once more.
  fn = recognised(unguarded(fn))
  const named = builtinRef(unwrapped(fn), (inner, of) => capture(inner, label, known, of))
  return named ?? giving(userRef(fn, label, known), gives)
}

function userRef(fn: AnyFunction, label: string, known: KnownFunctions): UserRef {
  const target = unwrapped(fn)
  const i = known.table?.indexOf(target)
  if (i !== undefined) return { k: 'table', i }
  const name = known.exports?.get(fn) ?? known.exports?.get(target)
  if (name !== undefined) return { k: 'export', name }
  const cached = references.get(fn)
  if (cached !== undefined) return cached
  const path = globalPath(target)
  if (path !== undefined) return { k: 'global', path }
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
      if (!isGlobalName(name) && !isHelper(name)) missing.push(name)
    } else if ('fn' in entry) {
      // What an inner function is known by depends on `known`, so the whole is not kept.
      // Only the function that uses it knows whether it awaits the result.
      env[name] = { fn: inner(entry.fn, `${label} (${name}${THROUGH_ENV}`, known) }
      fixed = false
    } else env[name] = entry
  }
  if (missing.length > 0) throw new CaptureError(missingMessage(label, missing, text), { label, variables: missing })
  if (relativeImports.length > 0) {
    throw new CaptureError(
      `${label}: the function imports ${quoted(relativeImports)}, a path relative to its module, which its text leaves. ` +
        'Import by package name or absolute URL, or put the code into a pipeline module and export the function.' +
        shown(text),
      { label, imports: relativeImports },
    )
  }
  const ref: UserRef = Object.keys(env).length > 0 ? { k: 'source', text, env } : { k: 'source', text }
  if (fixed) references.set(carrier, ref)
  return ref
}

function inner(fn: AnyFunction, label: string, known: KnownFunctions): FnRef {
  return builtinRef(unwrapped(fn), (of, gives) => capture(of, label, known, gives)) ?? userRef(fn, label, known)
}

/** Checks a function by its text alone. Throws CaptureError if it uses variables of its surroundings. */
export function checkCaptured(source: string, label: string): void {
  const { names, text } = freeVariables(source)
  const missing = names.filter((name) => !isGlobalName(name) && !isHelper(name))
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
      `${label}: ${error.message} Its text must be able to stand for it in another thread: wrap it, as in ` +
        '(value) => theFunction(value), and give what it needs through withEnv; or put it into a pipeline module and export it.',
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
const THROUGH_ENV = ' given through withEnv)'

/** Words that withEnv cannot give a meaning to, and imports of which the loader left no name. */
const PLACE_BOUND = new Set(['this', 'super', 'new.target', 'import.meta', 'arguments'])
const isPlaceBound = (name: string): boolean => PLACE_BOUND.has(name) || IMPORT_OBJECT.test(name)

function missingMessage(label: string, missing: readonly string[], text: string): string {
  const variables = missing.filter((name) => !isPlaceBound(name))
  const bound = missing.filter((name) => isPlaceBound(name))
  const parts: string[] = []
  const uses = `${label}: the function uses ${quoted(variables)} of its surroundings, which its text does not take along to another thread.`
  const compiler = compilerAdvice(variables)
  if (variables.length === 0) {
    // Only words that are bound to their place.
  } else if (compiler !== undefined) {
    parts.push(`${uses} ${compiler} Or put the code into a pipeline module, where closures work.`)
  } else if (label.endsWith(THROUGH_ENV)) {
    parts.push(
      `${uses} Ways out: if you wrote it, give it what it needs by a withEnv of its own; if it is imported, put the code into ` +
        'a pipeline module, where imports work, or load its module inside of your function, as in ' +
        "const { createHash } = process.getBuiltinModule('node:crypto').",
    )
  } else {
    const minified = variables.every((name) => name.length <= 2)
    parts.push(
      `${uses} Ways out: pass it with withEnv({ ${variables.join(', ')} }, fn); make large data a broadcast variable ` +
        'and pass that; import inside of the function what another module exports; or put the code into a pipeline module, ' +
        `where closures and imports work, and export the function.${minified ? MINIFIED : ''}`,
    )
  }
  if (bound.length > 0) {
    parts.push(
      `${label}: the function uses ${quoted(bound)}, which means something only where it was written. Read what is needed ` +
        'into a variable outside and pass that with withEnv({ name }, fn), or put the code into a pipeline module and ' +
        'export the function.',
    )
  }
  return parts.join('\n') + shown(text)
}
