import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { type MillraceError, PipelineError } from '../errors.js'
import { messageOf } from '../values/message-of.js'
import { localUrl } from './package-modules.js'
import { syntaxErrorPlace } from './syntax-error.js'

const TYPESCRIPT = /\.[cm]?tsx?$/
const JAVASCRIPT = /\.([cm]?)js(x?)$/

/**
 * Returns the URL of a pipeline module. A text without a scheme is a path, in which `#`, `?` and `%` have no special
 * meaning. If `pipeline.js` does not exist but `pipeline.ts` does, returns the latter, so that a program can name one
 * module, compiled or not.
 */
export function pipelineUrl(module: URL | string): string {
  const url = urlOf(module)
  if (url.protocol !== 'file:' || !JAVASCRIPT.test(url.pathname) || existsSync(fileURLToPath(url))) return url.href
  for (const ending of ['.$1ts$2', '.$1tsx']) {
    const typed = new URL(url)
    typed.pathname = url.pathname.replace(JAVASCRIPT, ending)
    if (existsSync(fileURLToPath(typed))) return typed.href
  }
  return url.href
}

function urlOf(module: URL | string): URL {
  try {
    const isPath = typeof module === 'string' && !/^[a-z][a-z\d+.-]+:/i.test(module)
    return isPath ? pathToFileURL(resolve(module)) : new URL(module)
  } catch (cause) {
    throw new PipelineError(
      `The pipeline module is ${inspect(module)}; it must be a URL such as new URL('./pipeline.js', import.meta.url), or a path.`,
      { cause },
    )
  }
}

/** Whether tsx runs TypeScript in this thread. Decided once: tsx registers itself for all later imports. */
let throughTsx: Promise<boolean> | undefined

/** Names a kind of module in errors, and the class of these errors. */
export interface ModuleKind {
  readonly what: string
  readonly Failure: new (
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> },
  ) => MillraceError
}

/** Ms that the top-level code of a module may take; as long as a thread may take to boot. */
const IMPORT_MS = 30_000

const PIPELINE: ModuleKind = { what: 'pipeline module', Failure: PipelineError }

/**
 * Imports a module that runs in the threads. If tsx is installed beside Millrace, tsx runs TypeScript, so that it means
 * the same on every Node version. Otherwise Node does (from 22.18 on). Node only strips types: it finds no `.ts` file
 * for an import that ends in `.js`, and rejects enums. `from`: where the module is loaded from, if not from the URL that errors name.
 */
export async function importModule(
  url: string,
  kind: ModuleKind = PIPELINE,
  from: string = localUrl(url),
): Promise<Record<string, unknown>> {
  const { what, Failure } = kind
  if (!URL.canParse(url))
    throw new Failure(`The ${what} is ${inspect(url)}; use a URL such as new URL('./x.js', import.meta.url).href.`, {
      details: { url },
    })
  const stripped = TYPESCRIPT.test(new URL(from).pathname) && !(await runsThroughTsx(url, kind))
  try {
    return await importInTime(from)
  } catch (cause) {
    const place = syntaxErrorPlace(cause, url)
    const hint = stripped ? ' (Node only strips types: with tsx installed, npm i tsx, all TypeScript runs)' : ''
    const why = `${messageOf(cause)}${place ? ` at ${place}` : ''}${hint}${advice(cause)}`
    throw new Failure(`The ${what} ${url} cannot be loaded: ${why}`, { cause, details: { url, place } })
  }
}

/** Imports a module. Rejects if a top-level `await` in it, or in a module that it imports, takes too long. */
async function importInTime(url: string): Promise<Record<string, unknown>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const why = `its top-level await has not ended within ${IMPORT_MS / 1000} s. Await services inside functions instead`
    timer = setTimeout(() => reject(new Error(why)), IMPORT_MS)
  })
  try {
    return (await Promise.race([import(url), late])) as Record<string, unknown>
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Returns advice for errors of top-level code in a pipeline module, which runs in several threads although some
 * resources can exist only once.
 */
export function advice(cause: unknown): string {
  if ((cause as NodeJS.ErrnoException | undefined)?.code !== 'EADDRINUSE') return ''
  return (
    '. The driver and every worker thread import a pipeline module, so each would open the port. ' +
    'Open it in the program that starts the pipeline'
  )
}

function runsThroughTsx(url: string, kind: ModuleKind): Promise<boolean> {
  throughTsx ??= registerTsx(url, kind)
  // The error names its module: the next module that fails needs one of its own.
  throughTsx.catch(() => (throughTsx = undefined))
  return throughTsx
}

/** Returns false if tsx is not available and Node runs TypeScript itself. */
async function registerTsx(url: string, { what, Failure }: ModuleKind): Promise<boolean> {
  try {
    const { register } = await import('tsx/esm/api')
    register()
    return true
  } catch (cause) {
    const strips = Boolean((process.features as { typescript?: unknown }).typescript)
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    if (strips && missing) return false
    const why = missing
      ? `which Node ${process.versions.node} does not run. Install tsx (npm i tsx), use Node 22.18 or later,`
      : `and tsx, which is installed, cannot be loaded: ${String(cause)}. Repair or remove it,`
    throw new Failure(`The ${what} ${url} is TypeScript, ${why} or compile the module to JavaScript.`, {
      cause,
      details: { url },
    })
  }
}
