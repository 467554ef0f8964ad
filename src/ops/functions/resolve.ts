import { CaptureError, PipelineError, StateError } from '../../errors.js'
import { accumulatorFace } from '../accumulator.js'
import { broadcastInTask } from '../broadcast.js'
import { builtin } from './builtin.js'
import './common.js'
import { compileText } from './compile.js'
import { carryEnvironment, type EnvEntry } from './env.js'
import { atGlobalPath } from './globals.js'
import { guarded } from './guard.js'
import type { AnyFunction, EnvValue, FnRef } from './ref.js'
import { refKey } from './ref-key.js'
import type { FunctionTable } from './table.js'

/** The tables by which a thread resolves references. */
export interface ResolveEnvironment {
  readonly table?: FunctionTable
  readonly exports?: Readonly<Record<string, unknown>>
  /** Returns the value of broadcast `id`. Called each time a function reads `.value`, so it must be a look-up. */
  readonly broadcast?: (id: number) => unknown
}

/**
 * Returns the function that a reference means in this thread, with its results checked. Each call compiles source text
 * (10 to 50 us), so programs use a FunctionResolver.
 * @throws PipelineError, FingerprintError or ArgumentError if this thread does not have the function; CaptureError if
 * its text does not compile.
 */
export function resolveFn(ref: FnRef, env: ResolveEnvironment = {}): AnyFunction {
  if (ref.k !== 'builtin') return guarded(unchecked(ref, env), ref.returns ?? 'value')
  return builtin(ref.name, ...(ref.args ?? []).map((arg) => ('fn' in arg ? resolveFn(arg.fn, env) : arg.value)))
}

/** Returns the function as the user wrote it, without a check of its results. */
function unchecked(ref: FnRef, env: ResolveEnvironment): AnyFunction {
  switch (ref.k) {
    case 'table':
      if (env.table !== undefined) return env.table.get(ref.i)
      throw new PipelineError(
        `Function ${ref.i} of a pipeline module was requested, but this thread has loaded no pipeline module.`,
      )
    case 'export':
      return exported(ref.name, env.exports)
    case 'builtin':
      return resolveFn(ref, env)
    case 'global': {
      const fn = atGlobalPath(ref.path)
      if (typeof fn === 'function') return fn as AnyFunction
      throw new CaptureError(
        `This thread has no global function ${ref.path}. Do all threads run the same Node with the same flags?`,
      )
    }
    case 'source':
      return compile(ref.text, ref.env, env)
  }
}

/** Resolves each reference once, so that programs with the same function share its compiled code. */
export class FunctionResolver {
  readonly #env: ResolveEnvironment
  readonly #limit: number
  readonly #byKey = new Map<string, AnyFunction>()
  readonly #byObject = new WeakMap<FnRef, AnyFunction>()

  /** Caches at most `limit` functions. The oldest is evicted, and compiled again when it is requested again. */
  constructor(env: ResolveEnvironment = {}, limit = 1_000) {
    this.#env = env
    this.#limit = limit
  }

  /** Equal references resolve to the same function, so changes that a function makes to its environment persist. */
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

function exported(name: string, exports: ResolveEnvironment['exports']): AnyFunction {
  const fn = exports !== undefined && Object.hasOwn(exports, name) ? exports[name] : undefined
  if (typeof fn === 'function') return fn as AnyFunction
  const there =
    exports === undefined
      ? 'this thread has loaded no pipeline module'
      : `it exports ${Object.keys(exports).join(', ') || 'nothing'}`
  throw new PipelineError(`The function ${name} that the pipeline module should export is missing: ${there}.`)
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
      values[name] = broadcastInTask(entry.broadcast, () => readBroadcast(entry.broadcast, env))
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
  // Lets a function created here be captured again, as in foreachRDD.
  return carryEnvironment(fn, { fn, entries })
}

function readBroadcast(id: number, env: ResolveEnvironment): unknown {
  if (env.broadcast !== undefined) return env.broadcast(id)
  throw new StateError(`Broadcast variable ${id} was read in a thread that has no broadcast variables.`)
}
