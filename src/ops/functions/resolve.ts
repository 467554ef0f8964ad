import { type ErrorCode, MillraceError } from '../../errors.js'
import { accumulatorFace } from '../accumulator.js'
import { builtin } from './builtin.js'
import './common.js'
import { compileText } from './compile.js'
import { BROADCAST_ID, carryEnvironment, type EnvEntry } from './env.js'
import { atGlobalPath } from './globals.js'
import { guarded } from './guard.js'
import type { AnyFunction, EnvValue, FnRef } from './ref.js'
import { refKey } from './ref-key.js'
import type { FunctionTable } from './table.js'

/** What a thread knows that references can mean. */
export interface ResolveEnvironment {
  readonly table?: FunctionTable
  readonly exports?: Readonly<Record<string, unknown>>
  /** The value of broadcast `id`. Called each time a function reads `.value`, so it should be a look-up. */
  readonly broadcast?: (id: number) => unknown
}

/**
 * The function that a reference means in this thread, with its results checked. Source text is compiled anew at each call (10 to 50 us): programs
 * keep a FunctionResolver.
 * @throws MillraceError if this thread does not have it, or its text does not compile.
 */
export function resolveFn(ref: FnRef, env: ResolveEnvironment = {}): AnyFunction {
  if (ref.k !== 'builtin') return guarded(unchecked(ref, env), ref.gives ?? 'value')
  return builtin(ref.name, ...(ref.args ?? []).map((arg) => ('fn' in arg ? resolveFn(arg.fn, env) : arg.value)))
}

/** The function as the user wrote it: results are whatever it returns. */
function unchecked(ref: FnRef, env: ResolveEnvironment): AnyFunction {
  switch (ref.k) {
    case 'table':
      if (env.table !== undefined) return env.table.get(ref.i)
      throw absent(
        'ERR_MILLRACE_PIPELINE',
        `Function ${ref.i} of a pipeline module is asked for, but this thread has loaded none.`,
      )
    case 'export':
      return exported(ref.name, env.exports)
    case 'builtin':
      return resolveFn(ref, env)
    case 'global': {
      const fn = atGlobalPath(ref.path)
      if (typeof fn === 'function') return fn as AnyFunction
      throw absent(
        'ERR_MILLRACE_CAPTURE',
        `This thread has no global function ${ref.path}. Do all threads run the same Node with the same flags?`,
      )
    }
    case 'source':
      return compile(ref.text, ref.env, env)
  }
}

/** Resolves references, each once: programs that share a function then share its compiled code. */
export class FunctionResolver {
  readonly #env: ResolveEnvironment
  readonly #limit: number
  readonly #byKey = new Map<string, AnyFunction>()
  readonly #byObject = new WeakMap<FnRef, AnyFunction>()

  /** At most `limit` functions are kept; the one added first goes first and is compiled again if it comes again. */
  constructor(env: ResolveEnvironment = {}, limit = 1_000) {
    this.#env = env
    this.#limit = limit
  }

  /** Same reference, same function; so a value that a function changes in its environment stays changed. */
  resolve(ref: FnRef): AnyFunction {
    const seen = this.#byObject.get(ref)
    if (seen !== undefined) return seen
    const key = refKey(ref)
    const fn = (key === undefined ? undefined : this.#byKey.get(key)) ?? resolveFn(ref, this.#env)
    this.#byObject.set(ref, fn)
    if (key !== undefined && !this.#byKey.has(key)) {
      const oldest = this.#byKey.keys().next()
      if (this.#byKey.size >= this.#limit && oldest.done !== true) this.#byKey.delete(oldest.value)
      this.#byKey.set(key, fn)
    }
    return fn
  }
}

function absent(code: ErrorCode, message: string): MillraceError {
  return new MillraceError(code, message)
}

function exported(name: string, exports: ResolveEnvironment['exports']): AnyFunction {
  const fn = exports !== undefined && Object.hasOwn(exports, name) ? exports[name] : undefined
  if (typeof fn === 'function') return fn as AnyFunction
  const there =
    exports === undefined
      ? 'this thread has loaded no pipeline module'
      : `it exports ${Object.keys(exports).join(', ') || 'nothing'}`
  throw absent(
    'ERR_MILLRACE_PIPELINE',
    `The function ${name} that the pipeline module should export is missing: ${there}.`,
  )
}

function compile(
  text: string,
  given: { readonly [name: string]: EnvValue } | undefined,
  env: ResolveEnvironment,
): AnyFunction {
  if (given === undefined) return compileText(text, {})
  const values: Record<string, unknown> = {}
  const entries = new Map<string, EnvEntry>()
  for (const [name, entry] of Object.entries(given)) {
    if ('fn' in entry) {
      const fn = unchecked(entry.fn, env)
      values[name] = fn
      entries.set(name, { fn })
    } else if ('broadcast' in entry) {
      values[name] = broadcastFace(entry.broadcast, env)
      entries.set(name, entry)
    } else if ('accumulator' in entry) {
      values[name] = accumulatorFace(entry.accumulator, entry.gathering)
      entries.set(name, entry)
    } else {
      values[name] = entry.value
      entries.set(name, entry)
    }
  }
  const fn = compileText(text, values)
  // So that a function made here can be captured once more, as in foreachRDD.
  return carryEnvironment(fn, { fn, entries })
}

function broadcastFace(id: number, env: ResolveEnvironment): object {
  return Object.freeze({
    [BROADCAST_ID]: id,
    get value(): unknown {
      if (env.broadcast !== undefined) return env.broadcast(id)
      throw absent(
        'ERR_MILLRACE_STATE',
        `Broadcast variable ${id} is read in a thread that has no broadcast variables.`,
      )
    },
  })
}
