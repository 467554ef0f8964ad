import { checkText, LOOKS } from './check-text.js'
import { mayCompile } from './may-compile.js'
import type { AnyFunction, ReturnKind } from './ref.js'
import { checkEach, checkResult, checkResultOf } from './results.js'

const UNGUARDED: unique symbol = Symbol('unguarded')

/*
 * Each guard is compiled from text for one function. Its call site then sees only that function, and the compiler
 * inlines both. `arguments.length` preserves the number of arguments for functions with rest parameters.
 */
const TEXT = `
  'use strict'
  let looks = ${LOOKS}
  return function guarded(a, b, c) {
    let result
    switch (arguments.length) {
      case 1: result = fn(a); break
      case 2: result = fn(a, b); break
      case 3: result = fn(a, b, c); break
      default: result = fn(...arguments)
    }
    CHECK
    return result
  }`
const VALUE = `
    if (looks > 0) {
      looks--
      ${checkText('result', 'fields')}
    } else ${checkText('result', 'items')}`
const EACH = 'result = check(result)'

/**
 * Returns the function with a check of its results. Without it, an operation that uses results at once would treat a
 * promise or an iterator as a record, a key or a condition. Errors of tasks name their operation; for functions that
 * the driver calls, `label` names it.
 */
export function guarded(fn: AnyFunction, returns: ReturnKind, label?: string): AnyFunction {
  if (returns === 'later') return fn
  const check = returns === 'each' ? checkEach : label === undefined ? checkResult : checkResultOf(label)
  const made = mayCompile() ? fromText(fn, returns, check) : asClosure(fn, check)
  return Object.defineProperty(made, UNGUARDED, { value: fn })
}

/** Returns whether a function is wrapped with a check of its results. */
export function isGuarded(fn: AnyFunction): boolean {
  return UNGUARDED in fn
}

/** Returns the user's function without the check. The caller must then check the results. */
export function unguarded(fn: AnyFunction): AnyFunction {
  return (fn as { [UNGUARDED]?: AnyFunction })[UNGUARDED] ?? fn
}

function fromText(fn: AnyFunction, returns: ReturnKind, check: AnyFunction): AnyFunction {
  const text = TEXT.replace('CHECK', returns === 'each' ? EACH : VALUE)
  return new Function('fn', 'check', text)(fn, check) as AnyFunction
}

function asClosure(fn: AnyFunction, check: AnyFunction): AnyFunction {
  if (check === checkEach) return (...args) => checkEach(fn(...args))
  let looks = LOOKS
  return (...args) => {
    const result: unknown = fn(...args)
    if (typeof result === 'object' && result !== null) check(result, looks-- > 0)
    return result
  }
}
