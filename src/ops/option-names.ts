import { ArgumentError } from '../errors.js'

/** Refuses options by other names, so that a slip of the pen is not silence. */
export function checkNames(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name))
      throw new ArgumentError(`${what}: unknown option '${name}'. Known: ${known.join(', ')}.`, { option: name })
  }
}
