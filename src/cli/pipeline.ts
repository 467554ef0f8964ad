import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ArgumentError } from '../errors.js'
import { StreamingContext, type StreamingOptions } from '../index.js'
import { NotStartedError } from './not-started.js'

/** Options of a pipeline. `undefined` selects the default. */
type Options = { readonly [K in keyof StreamingOptions]: StreamingOptions[K] | undefined } & {
  readonly batchInterval: number
  readonly params: Readonly<Record<string, string>>
}

/**
 * Converts a path or URL, as users write it, to the URL of a module. @throws NotStartedError if there is no such file.
 */
export function moduleUrl(module: string): URL {
  const url = module.startsWith('file:') ? new URL(module) : pathToFileURL(resolve(module))
  if (statSync(url, { throwIfNoEntry: false })?.isFile()) return url
  const message = `There is no module file '${module}'. Pass the path of a .js, .mjs or .ts file.`
  throw new NotStartedError(new ArgumentError(message, { path: fileURLToPath(url) }))
}

/** Builds the pipeline of a module. @throws NotStartedError (rejects) if it cannot be built. */
export async function openPipeline(url: URL, { batchInterval, params, ...rest }: Options): Promise<StreamingContext> {
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return StreamingContext.fromPipeline(url, { ...given, batchInterval, params }).catch((error: unknown) => {
    throw new NotStartedError(error)
  })
}
