import type { ParseArgsConfig } from 'node:util'
import { ArgumentError } from '../../errors.js'
import { millis, param, parsed, threads } from '../option-values.js'

/** A shell with a context of its own. */
export interface ShellCommand {
  readonly kind: 'shell'
  /** Path or file URL of the pipeline whose streams are `ssc`. Undefined: empty streams. */
  readonly module: string | undefined
  readonly threads: number | undefined
  readonly batchInterval: number
  readonly params: Readonly<Record<string, string>>
}

/** A shell for the page of a running pipeline. */
export interface AttachCommand {
  readonly kind: 'attach'
  /** The address of the page. */
  readonly page: URL
  readonly token: string | undefined
}

const OPTIONS = {
  threads: { type: 'string' },
  'batch-interval': { type: 'string', default: '1s' },
  param: { type: 'string', multiple: true, default: [] as string[] },
  attach: { type: 'string' },
  token: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options']

/** Parses the arguments of `millrace shell`. Undefined: show the help. Throws ArgumentError. */
export function parseShell(args: readonly string[]): ShellCommand | AttachCommand | undefined {
  const { values, positionals } = parsed('shell', args, OPTIONS)
  if (values.help) return undefined
  const [module, ...others] = positionals
  if (others.length > 0) {
    throw new ArgumentError(
      `shell takes one module and got ${positionals.length}: ${positionals.join(' ')}. Pass values to the pipeline with --param key=value.`,
    )
  }
  if (values.attach !== undefined) {
    if (module !== undefined)
      throw new ArgumentError(
        `shell --attach asks a pipeline that runs already, and got the module ${module}. Leave one of them out.`,
      )
    return { kind: 'attach', page: pageAt(values.attach), token: values.token }
  }
  if (values.token !== undefined)
    throw new ArgumentError('--token is for the page of a running pipeline. Add --attach <port>, or leave it out.')
  return {
    kind: 'shell',
    module,
    threads: threads(values.threads),
    batchInterval: millis(values['batch-interval'], '--batch-interval'),
    params: Object.fromEntries(values.param.map(param)),
  }
}

/** A port of this machine, or the address of a page. */
function pageAt(text: string): URL {
  if (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536) return new URL(`http://127.0.0.1:${text}/`)
  if (/^https?:\/\//.test(text) && URL.canParse(text)) {
    const url = new URL(text)
    if (!url.pathname.endsWith('/')) url.pathname += '/'
    return url
  }
  throw new ArgumentError(
    `--attach is '${text}'; it must be the port of a page on this machine, such as 4040, or its address, such as http://streams.example.org:4040.`,
    { given: text },
  )
}
