import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'

/** The address of a server. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

const ADDRESS = /^(?:\[([^\]]+)\]|([^:\s/]+)):(\d{1,5})$/

/**
 * Checks the options of one connector. Each method returns the valid value, or throws ArgumentError that names the
 * option.
 */
export class OptionCheck {
  readonly #connector: string

  constructor(connector: string) {
    this.#connector = connector
  }

  /**
   * Throws unless `options` is an object and has only properties with these names. `of`: the option that contains the
   * object.
   */
  names(options: object, names: readonly string[], of?: string): void {
    if (typeof options !== 'object' || options === null || Array.isArray(options))
      throw this.wrong(of ?? 'options', options, `an object with ${names.join(', ')}`)
    for (const key of Object.keys(options)) {
      if (names.includes(key)) continue
      const name = of === undefined ? key : `${of}.${key}`
      throw new ArgumentError(`${this.#connector}: there is no option '${name}'. Options: ${names.join(', ')}.`, {
        option: name,
      })
    }
  }

  integer(option: string, given: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number {
    if (Number.isInteger(given) && (given as number) >= min && (given as number) <= max) return given as number
    const allowed = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    throw this.wrong(option, given, `a whole number ${allowed}`)
  }

  oneOf<V extends string>(option: string, given: unknown, values: readonly V[]): V {
    if (values.includes(given as V)) return given as V
    throw this.wrong(option, given, values.map((value) => `'${value}'`).join(' or '))
  }

  boolean(option: string, given: unknown): boolean {
    if (typeof given === 'boolean') return given
    throw this.wrong(option, given, 'true or false')
  }

  text(option: string, given: unknown, allowed: string): string {
    if (typeof given === 'string' && given !== '') return given
    throw this.wrong(option, given, allowed)
  }

  texts(option: string, given: unknown, allowed: string): readonly string[] {
    if (Array.isArray(given) && given.every((text) => typeof text === 'string')) return given
    throw this.wrong(option, given, allowed)
  }

  /** Parses addresses `host:port`, or `[host]:port` for IPv6. A text may list several if `separator` is set. */
  addresses(option: string, given: unknown, separator?: string): ServerAddress[] {
    const list = typeof given === 'string' ? (separator === undefined ? [given] : given.split(separator)) : given
    const allowed = "'host:port' or a list of these"
    if (!Array.isArray(list) || list.length === 0) throw this.wrong(option, given, allowed)
    return list.map((address: unknown) => {
      const text = typeof address === 'string' ? address : ''
      const match = ADDRESS.exec(separator === undefined ? text : text.trim())
      const port = Number(match?.[3])
      if (!match || port < 1 || port > 65_535) throw this.wrong(option, address, allowed)
      return { host: match[1] ?? match[2]!, port }
    })
  }

  wrong(option: string, given: unknown, allowed: string): ArgumentError {
    return new ArgumentError(`${this.#connector}: ${option} is ${describe(given)}; it must be ${allowed}.`, { option })
  }
}
