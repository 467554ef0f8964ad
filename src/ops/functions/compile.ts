import { compileFunction } from 'node:vm'
import { CaptureError } from '../../errors.js'
import { scriptName } from './call-sites.js'
import { mayCompile } from './may-compile.js'
import type { AnyFunction } from './ref.js'
import { helpersOf } from './syntax/loader-names.js'

/**
 * Compiles the text of an expression to a function, in strict mode like the module it comes from. Stack traces show it
 * as `millrace-fn-<hash of the text>.js`, with line numbers three higher than in the text.
 * @throws CaptureError if the text does not compile.
 */
export function compileText(text: string, env: Readonly<Record<string, unknown>>): AnyFunction {
  const given: Record<string, unknown> = { ...helpersOf(text), ...env }
  const body = `'use strict'; return (\n${text}\n)\n//# sourceURL=${scriptName(text)}`
  try {
    const compiled: unknown = functionOf(Object.keys(given), body)(...Object.values(given))
    if (typeof compiled === 'function') return compiled as AnyFunction
  } catch (cause) {
    throw new CaptureError(
      `A function shipped as text does not compile: ${(cause as Error).message}\nThe function: ${text.slice(0, 200)}`,
      { text },
      cause,
    )
  }
  throw new CaptureError(`A text shipped as a function is not a function: ${text.slice(0, 200)}`, { text })
}

/**
 * Compiles the body of a function. If the process forbids code generation from strings, node:vm still compiles, because
 * Node exempts it from that flag.
 */
function functionOf(names: readonly string[], body: string): AnyFunction {
  if (mayCompile()) return new Function(...names, body) as AnyFunction
  // Stack traces count the two lines that `new Function` prepends.
  return compileFunction(body, [...names], { lineOffset: 2 }) as AnyFunction
}
