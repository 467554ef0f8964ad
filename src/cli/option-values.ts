import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ArgumentError } from '../errors.js'
import { toMillis } from '../ops/time.js'
import { closest } from './closest.js'

/**
 * Parses the options and positional arguments of a command. @throws ArgumentError for unknown ones, with a list of the
 * options.
 */
export function parsed<const O extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  args: readonly string[],
  options: O,
): ReturnType<typeof parseArgs<{ readonly options: O; readonly allowPositionals: true; readonly args: string[] }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true as const })
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS_')) throw error
    const names = Object.keys(options).map((name) => `--${name}`)
    const message = (error as Error).message
    const unknown = /^Unknown option '(--[^']*)'/.exec(message)?.[1]
    const meant = unknown === undefined ? undefined : closest(unknown, names)
    const cause = unknown === undefined ? message.replace(/\.?$/, '.') : `Unknown option '${unknown}'.`
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
    throw new ArgumentError(`${command}: ${cause}${hint} Options: ${names.join(', ')}.`, { given: unknown })
  }
}

export function count(text: string, option: string, least: number, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw new ArgumentError(`${option} is '${text}'; it must be a whole number from ${least} to ${most}.`, {
    given: text,
  })
}

/** Parses a duration. Digits alone are milliseconds, as in the library. */
export function millis(text: string, option: string): number {
  return toMillis(/^\d+$/.test(text) ? Number(text) : text, option)
}

const MAX_THREADS = 256

/** `undefined` selects the library's default. */
export function threads(text: string | undefined): number | undefined {
  return text === undefined ? undefined : count(text, '--threads', 1, MAX_THREADS)
}

/** Parses a value of `--param`. */
export function param(text: string): [string, string] {
  return keyValue(text, '--param', 'port=9999')
}

export function keyValue(text: string, option: string, example: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1)
    throw new ArgumentError(`${option} is '${text}'; it must be key=value, such as ${option} ${example}.`, {
      given: text,
    })
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Parses `--until`. `leftOut`: what a command does without it, as the end of a sentence. */
export function until(given: string | undefined, leftOut = ''): 'caught-up' | undefined {
  if (given === undefined || given === 'caught-up') return given
  throw new ArgumentError(`--until is '${given}'; it must be caught-up, or left out${leftOut}.`, { given })
}
