import type * as Inspector from 'node:inspector'
import type { AnyFunction } from '../ref.js'
import { neverAssigned } from '../syntax/assigned-names.js'
import { type Constant, constantOf } from './expression.js'
import { answer, declares, type FunctionView, inspecting, valueIn, viewOf } from './inspector.js'

/**
 * Returns whether names in a function's text are the language's globals: no scope around the function declares them.
 *
 * V8 lists no scope for a function expression whose own name is all that inner functions use of it, so `JSON` as the
 * name of such a function goes unnoticed.
 */
export function areGlobal(names: readonly string[], fn: AnyFunction): boolean {
  const global = inspecting((session) => viewOf(fn, session).scopes.every((scope) => !declares(scope, names, session)))
  return global ?? false
}

/**
 * Returns the value of a variable around a function, if it is a constant: a text, number, boolean or null that no code
 * of the function's file assigns again. Otherwise returns undefined.
 */
export function constantAround(name: string, fn: AnyFunction): Constant | undefined {
  return inspecting((session) => {
    const view = viewOf(fn, session)
    const scope = view.scopes.find((around) => declares(around, [name], session))
    // Other scripts may assign variables of these scopes.
    if (!scope || /^(?:With|Script|Eval)/.test(scope.description ?? '')) return undefined
    const found = valueIn(scope, name, session)
    const value = constantOf(found?.subtype === 'null' ? null : found?.value)
    return value !== undefined && isFixed(name, view, session) ? value : undefined
  })
}

/** By the numbers of scripts: the names that each never assigns again. */
const fixedNames = new Map<string, ReadonlySet<string>>()

function isFixed(name: string, { scriptId }: FunctionView, session: Inspector.Session): boolean {
  let names = fixedNames.get(scriptId)
  if (!names) {
    names = neverAssigned(sourceOf(scriptId, session))
    fixedNames.set(scriptId, names)
  }
  return names.has(name)
}

/** Returns the text of a script that comes from a file; '' for texts of `eval`, whose variables others may assign. */
function sourceOf(scriptId: string, session: Inspector.Session): string {
  let url = ''
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (params.scriptId === scriptId) url = params.url
  })
  answer(session, 'Debugger.enable')
  try {
    if (!/^(?:file:|\/|[a-z]:[\\/])/i.test(url)) return ''
    return answer<Inspector.Debugger.GetScriptSourceReturnType>(session, 'Debugger.getScriptSource', { scriptId })
      .scriptSource
  } finally {
    session.post('Debugger.disable')
  }
}
