import { checkText, LOOKS } from './check-text.js'
import { mayCompile } from './may-compile.js'
import type { AnyFunction } from './ref.js'
import { checkEach, checkResult, type Gives } from './results.js'

const UNGUARDED: unique symbol = Symbol('unguarded')

/*
 * A guard is made from text for each function, so that its call site sees that function only and the compiler inlines
 * both. `arguments.length` keeps the number of arguments, which functions with rest parameters see.
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
 * The function with its results checked: a promise or an iterator where an operation uses results at once would be
 * taken for a record, a key or a condition.
 */
export function guarded(fn: AnyFunction, gives: Gives): AnyFunction {
  if (gives === 'later') return fn
  const made = mayCompile() ? fromText(fn, gives) : asClosure(fn, gives)
  return Object.defineProperty(made, UNGUARDED, { value: fn })
}

/** Whether a function is wrapped with a check of its results. */
export function isGuarded(fn: AnyFunction): boolean {
  return UNGUARDED in fn
}

/** The user's function itself. A caller that takes it must check the results. */
export function unguarded(fn: AnyFunction): AnyFunction {
  return (fn as { [UNGUARDED]?: AnyFunction })[UNGUARDED] ?? fn
}

function fromText(fn: AnyFunction, gives: Gives): AnyFunction {
  const text = TEXT.replace('CHECK', gives === 'each' ? EACH : VALUE)
  return new Function('fn', 'check', text)(fn, gives === 'each' ? checkEach : checkResult) as AnyFunction
}

function asClosure(fn: AnyFunction, gives: Gives): AnyFunction {
  if (gives === 'each') return (...args) => checkEach(fn(...args))
  let looks = LOOKS
  return (...args) => {
    const result: unknown = fn(...args)
    if (typeof result === 'object' && result !== null) checkResult(result, looks-- > 0)
    return result
  }
}
