import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import { usable } from '../values/unusable.js'

/** Refuses unknown options, so that a misspelt name is an error. Throws ArgumentError. */
export function checkNames(given: object, known: readonly string[], what: string): void {
  if (typeof given !== 'object' || given === null) {
    throw new ArgumentError(`${what} got ${describe(given)}; it takes an object of options: ${known.join(', ')}.`)
  }
  for (const name of usable(what, [given], () => Object.keys(given))) {
    if (known.includes(name)) continue
    throw new ArgumentError(`${what}: unknown option '${name.slice(0, 40)}'. Known: ${known.join(', ')}.`, {
      option: name,
    })
  }
}
