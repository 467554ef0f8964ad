import { compileFunction } from 'node:vm'
import { MillraceError } from '../../errors.js'
import { scriptName } from './call-sites.js'
import { helpersOf } from './loader-names.js'
import { mayCompile } from './may-compile.js'
import type { AnyFunction } from './ref.js'

/**
 * Makes a function of an expression's text. Strict mode, as in the modules such text comes from. In stack traces it is
 * `millrace-fn-<hash of the text>.js`, three lines further down than in the text.
 * @throws MillraceError if the text does not compile.
 */
export function compileText(text: string, env: Readonly<Record<string, unknown>>): AnyFunction {
  const given: Record<string, unknown> = { ...helpersOf(text), ...env }
  const body = `'use strict'; return (\n${text}\n)\n//# sourceURL=${scriptName(text)}`
  try {
    const compiled: unknown = functionOf(Object.keys(given), body)(...Object.values(given))
    if (typeof compiled === 'function') return compiled as AnyFunction
  } catch (cause) {
    throw new MillraceError(
      'ERR_MILLRACE_CAPTURE',
      `A function that came as text does not compile: ${(cause as Error).message}\nThe function: ${text.slice(0, 200)}`,
      { cause, details: { text } },
    )
  }
  throw new MillraceError('ERR_MILLRACE_CAPTURE', `A text that came for a function is none: ${text.slice(0, 200)}`, {
    details: { text },
  })
}

/**
 * Compiles a function's body. Where the process forbids code generation from strings, the module node:vm still compiles:
 * Node excludes it from that flag.
 */
function functionOf(names: readonly string[], body: string): AnyFunction {
  if (mayCompile()) return new Function(...names, body) as AnyFunction
  // The two lines that new Function puts before the body count in stack traces.
  return compileFunction(body, [...names], { lineOffset: 2 }) as AnyFunction
}
