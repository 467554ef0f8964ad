import type * as Inspector from 'node:inspector'
import { createRequire } from 'node:module'
import type { AnyFunction } from './ref.js'

/** Where the inspector finds the function, for the length of a call. */
const PLACE = 'millrace:function'

/**
 * Returns whether names in a function's text are the language's globals: no scope around the function declares them.
 * Asks the engine's inspector for the scopes, which runs none of the module's code. False if that is not possible.
 * Cost: 10 ms for the first function of a process, then 0.3 ms.
 *
 * V8 lists no scope for a function expression whose own name is all that inner functions use of it, so `JSON` as the
 * name of such a function goes unnoticed.
 */
export function areGlobal(names: readonly string[], fn: AnyFunction): boolean {
  try {
    const { Session } = createRequire(import.meta.url)('node:inspector') as typeof Inspector
    const session = new Session()
    session.connect()
    try {
      return scopesOf(fn, session).every((scope) => !declares(scope, names, session))
    } finally {
      session.disconnect()
    }
  } catch {
    // No inspector in this build of Node, or no permission to use it.
    return false
  }
}

/** Returns the scopes around a function except that of globals, innermost first. */
function scopesOf(fn: AnyFunction, session: Inspector.Session): Inspector.Runtime.RemoteObject[] {
  Object.defineProperty(globalThis, PLACE, { value: fn, configurable: true })
  try {
    const { result } = answer<Inspector.Runtime.EvaluateReturnType>(session, 'Runtime.evaluate', {
      expression: `this['${PLACE}']`,
    })
    const { internalProperties } = propertiesOf(result, session)
    const list = internalProperties?.find(({ name }) => name === '[[Scopes]]')?.value
    const scopes = propertiesOf(list!, session).result.flatMap(({ name, value }) =>
      /^\d+$/.test(name) && value ? [value] : [],
    )
    // The outermost one must be the globals of this context, or the list is not what this code expects.
    if (scopes.pop()?.description !== 'Global') throw new Error('The scopes of a function do not end in globals.')
    return scopes
  } finally {
    Reflect.deleteProperty(globalThis, PLACE)
  }
}

/**
 * Finds names in a scope, which V8 wraps with its description. Reading the scope's properties instead would format the
 * stacks of errors among them, by a function that a module may have set. A loop over indexes calls nothing of a module.
 */
const DECLARES = `function (description, ...names) {
  if (this.description !== description) return true
  for (let i = 0; i < names.length; i++) if (names[i] in this.object) return true
  return false
}`

function declares(
  { description = '', objectId }: Inspector.Runtime.RemoteObject,
  names: readonly string[],
  session: Inspector.Session,
): boolean {
  // An object of `with` may be a Proxy. The name of a function expression is in its scope's description only.
  if (description.startsWith('With') || names.some((name) => description.endsWith(`(${name})`))) return true
  const { result } = answer<Inspector.Runtime.CallFunctionOnReturnType>(session, 'Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: DECLARES,
    arguments: [description, ...names].map((value) => ({ value })),
  })
  return result.value !== false
}

function propertiesOf(
  { objectId }: Inspector.Runtime.RemoteObject,
  session: Inspector.Session,
): Inspector.Runtime.GetPropertiesReturnType {
  return answer(session, 'Runtime.getProperties', { objectId, ownProperties: true })
}

/** Sessions of the own thread answer before `post` returns. */
function answer<T>(session: Inspector.Session, method: string, params: object): T {
  let result: T | undefined
  session.post(method, params, (error, found) => {
    if (!error) result = found as T
  })
  if (!result) throw new Error(`The inspector did not answer ${method}.`)
  return result
}
