// Command-line flags of the sender processes, and their values.
import { parseArgs } from 'node:util'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** @param {string} text such as '500ms', '20s', '10m', or plain milliseconds @returns {number} milliseconds */
export function duration(text) {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text)
  if (match === null) throw new Error(`"${text}" is not a duration: write a number with ms, s, m or h, such as 20s.`)
  return Number(match[1]) * UNITS[match[2] ?? 'ms']
}

/** @param {string} text @returns {number} a whole number, 0 or above */
export function count(text) {
  if (!/^\d+$/.test(text)) throw new Error(`"${text}" is not a count: write a whole number, 0 or above.`)
  return Number(text)
}

/** @param {string} text @returns {number} a number, 0 or above */
export function rate(text) {
  const value = Number(text)
  if (text === '' || !(value >= 0))
    throw new Error(`"${text}" is not a rate: write a number per second, 0 for no limit.`)
  return value
}

export const string = (text) => text
/** A parser of this identity marks a flag without a value. */
export const flag = () => true

/**
 * Reads `--name value` flags. A fault ends the process with code 2 and a sentence on stderr.
 * @param {Record<string, (text: string) => unknown>} parsers one per flag, by its name
 * @param {Record<string, unknown>} defaults by name
 */
export function readFlags(parsers, defaults = {}) {
  const options = {}
  for (const name of Object.keys(parsers)) options[name] = { type: parsers[name] === flag ? 'boolean' : 'string' }
  try {
    const { values } = parseArgs({ options })
    const read = { ...defaults }
    for (const name of Object.keys(values)) {
      try {
        read[name] = parsers[name](values[name])
      } catch (cause) {
        throw new Error(`--${name}: ${cause.message}`, { cause })
      }
    }
    return read
  } catch (error) {
    console.error(error.message)
    process.exit(2)
  }
}
