import type { ParseArgsConfig } from 'node:util'
import { ArgumentError } from '../../errors.js'
import { parsed } from '../option-values.js'

export interface InitCommand {
  readonly kind: 'init'
  readonly directory: string
}

const OPTIONS = { help: { type: 'boolean', short: 'h', default: false } } satisfies ParseArgsConfig['options']

/** Parses the arguments of `millrace init`. Returns undefined if the user asks for help. @throws ArgumentError */
export function parseInit(args: readonly string[]): InitCommand | undefined {
  const { values, positionals } = parsed('init', args, OPTIONS)
  if (values.help) return undefined
  const [directory = '.', ...others] = positionals
  if (others.length > 0)
    throw new ArgumentError(`init takes one directory and got ${positionals.length}: ${positionals.join(' ')}.`)
  return { kind: 'init', directory }
}
