import type * as Inspector from 'node:inspector'
import { createRequire } from 'node:module'
import type { AnyFunction } from '../ref.js'

/** Where the inspector finds the function, for the length of a call. */
const PLACE = 'millrace:function'

/** A function, as the engine's inspector knows it. */
export interface FunctionView {
  /** The scopes around it except that of globals, innermost first. */
  readonly scopes: readonly Inspector.Runtime.RemoteObject[]
  /** The number of the script that contains it. */
  readonly scriptId: string
}

/**
 * Returns what `use` returns of a session with the own thread's inspector, which runs none of the module's code;
 * undefined if this build of Node has no inspector, or no permission to use it. Cost: 10 ms for the first session of a
 * process, then 0.3 ms.
 */
export function inspecting<T>(use: (session: Inspector.Session) => T): T | undefined {
  try {
    const { Session } = createRequire(import.meta.url)('node:inspector') as typeof Inspector
    const session = new Session()
    session.connect()
    try {
      return use(session)
    } finally {
      session.disconnect()
    }
  } catch {
    return undefined
  }
}

/** Sessions of the own thread answer before `post` returns. */
export function answer<T>(session: Inspector.Session, method: string, params: object = {}): T {
  let result: T | undefined
  session.post(method, params, (error, found) => {
    if (!error) result = found as T
  })
  if (!result) throw new Error(`The inspector did not answer ${method}.`)
  return result
}

export function viewOf(fn: AnyFunction, session: Inspector.Session): FunctionView {
  Object.defineProperty(globalThis, PLACE, { value: fn, configurable: true })
  try {
    const { result } = answer<Inspector.Runtime.EvaluateReturnType>(session, 'Runtime.evaluate', {
      expression: `this['${PLACE}']`,
    })
    const { internalProperties = [] } = propertiesOf(result, session)
    const internal = new Map(internalProperties.map(({ name, value }) => [name, value]))
    const scopes = propertiesOf(internal.get('[[Scopes]]')!, session).result.flatMap(({ name, value }) =>
      /^\d+$/.test(name) && value ? [value] : [],
    )
    // The outermost one must be the globals of this context, or the list is not what this code expects.
    if (scopes.pop()?.description !== 'Global') throw new Error('The scopes of a function do not end in globals.')
    const { scriptId = '' } = (internal.get('[[FunctionLocation]]')?.value ?? {}) as { scriptId?: string }
    return { scopes, scriptId }
  } finally {
    Reflect.deleteProperty(globalThis, PLACE)
  }
}

/**
 * Wraps a function of a scope's object and of names, because V8 wraps a scope with its description. Reading the scope's
 * properties instead would format the stacks of errors among them, by a function that a module may have set.
 */
const inScope = (body: string): string =>
  `function (description, ...names) { if (this.description !== description) throw 0; const scope = this.object; ${body} }`

// A loop over indexes calls nothing of a module.
const DECLARES = inScope('for (let i = 0; i < names.length; i++) if (names[i] in scope) return true; return false')
const VALUE = inScope('return scope[names[0]]')

/** Returns whether a scope declares one of the names. True if that is not certain. */
export function declares(
  scope: Inspector.Runtime.RemoteObject,
  names: readonly string[],
  session: Inspector.Session,
): boolean {
  const { description = '' } = scope
  // An object of `with` may be a Proxy. The name of a function expression is in its scope's description only.
  if (description.startsWith('With') || names.some((name) => description.endsWith(`(${name})`))) return true
  return callOn(scope, DECLARES, names, session)?.value !== false
}

/** Returns the inspector's view of a variable's value, of a scope that is not of `with`. */
export function valueIn(
  scope: Inspector.Runtime.RemoteObject,
  name: string,
  session: Inspector.Session,
): Inspector.Runtime.RemoteObject | undefined {
  return callOn(scope, VALUE, [name], session)
}

function callOn(
  { description, objectId }: Inspector.Runtime.RemoteObject,
  functionDeclaration: string,
  names: readonly string[],
  session: Inspector.Session,
): Inspector.Runtime.RemoteObject | undefined {
  const { result, exceptionDetails } = answer<Inspector.Runtime.CallFunctionOnReturnType>(
    session,
    'Runtime.callFunctionOn',
    { objectId, functionDeclaration, arguments: [description, ...names].map((value) => ({ value })) },
  )
  return exceptionDetails ? undefined : result
}

function propertiesOf(
  { objectId }: Inspector.Runtime.RemoteObject,
  session: Inspector.Session,
): Inspector.Runtime.GetPropertiesReturnType {
  return answer(session, 'Runtime.getProperties', { objectId, ownProperties: true })
}
