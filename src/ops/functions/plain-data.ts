import { kindName } from '../../values/describe.js'
import { below, dataError, type Fault, mustBeData } from '../../values/fault.js'
import { kindOf } from '../../values/kinds.js'

/**
 * Throws a DataError with a path unless another thread receives an equal value. Values that are not records are sent by
 * structured clone, which changes some data: it turns a Buffer into a Uint8Array and drops the properties of an Error.
 * Shared memory is allowed. Cost: visits every part except the elements of typed arrays.
 * @throws DataError if the value contains data that cloning changes or refuses.
 */
export function mustTravel(value: unknown, subject: string, path: string): void {
  mustBeData(value, subject, path, true)
  const fault = changedByClone(value, path)
  if (fault) throw dataError(subject, fault)
}

function changedByClone(value: unknown, path: string): Fault | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  switch (kindOf(value)) {
    case 'buffer':
      return { path, what: 'is a Buffer', advice: 'Use Uint8Array.from(value)' }
    case 'error':
      return { path, what: `is ${kindName(value)}`, advice: 'Use a plain object such as { name, message }' }
    case 'bare':
      return { path, what: 'is an object without a prototype', advice: 'Use { ...value }' }
    case 'regexp':
      if ((value as RegExp).lastIndex === 0) return undefined
      return { path, what: 'is a RegExp with a lastIndex', advice: 'Set its lastIndex to 0' }
    case 'map':
      return firstOf(
        value as Map<unknown, unknown>,
        (key) => `${path}.get(${typeof key === 'object' ? '...' : String(key)})`,
      )
    case 'set':
      return firstOf((value as Set<unknown>).entries(), () => `${path}.values()`)
    case 'array':
    case 'object':
      return firstOf(Object.entries(value), (name) => below(path, name as string))
    default:
      return undefined
  }
}

/** Returns the first fault among keys and values. */
function firstOf(entries: Iterable<readonly [unknown, unknown]>, at: (key: unknown) => string): Fault | undefined {
  for (const [key, item] of entries) {
    const fault = changedByClone(key, at(key)) ?? changedByClone(item, at(key))
    if (fault) return fault
  }
  return undefined
}
