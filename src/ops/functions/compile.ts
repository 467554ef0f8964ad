import { MillraceError } from '../../errors.js'
import { scriptName } from './call-sites.js'
import { HELPERS } from './loader-names.js'
import type { AnyFunction } from './ref.js'

/**
 * Makes a function of an expression's text. Strict mode, as in the modules such text comes from. In stack traces it is
 * `millrace-fn-<hash of the text>.js`, three lines further down than in the text.
 * @throws MillraceError if the text does not compile, or this Node forbids compiling text.
 */
export function compileText(text: string, env: Readonly<Record<string, unknown>>): AnyFunction {
  const given: Record<string, unknown> = { ...HELPERS, ...env }
  const body = `'use strict'; return (\n${text}\n)\n//# sourceURL=${scriptName(text)}`
  try {
    const compiled: unknown = new Function(...Object.keys(given), body)(...Object.values(given))
    if (typeof compiled === 'function') return compiled as AnyFunction
  } catch (cause) {
    throw new MillraceError(
      'ERR_MILLRACE_CAPTURE',
      `A function that came as text does not compile: ${(cause as Error).message}. If this Node forbids code generation ` +
        `from strings, use a pipeline module.\nThe function: ${text.slice(0, 200)}`,
      { cause, details: { text } },
    )
  }
  throw new MillraceError('ERR_MILLRACE_CAPTURE', `A text that came for a function is none: ${text.slice(0, 200)}`, {
    details: { text },
  })
}
