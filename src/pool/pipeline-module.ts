import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { PipelineError } from '../errors.js'
import { messageOf } from '../values/message-of.js'
import { syntaxErrorPlace } from './syntax-error.js'

const TYPESCRIPT = /\.[cm]?tsx?$/
const JAVASCRIPT = /\.([cm]?)js(x?)$/

/**
 * The URL of a pipeline module. A text without a scheme is a path, in which `#`, `?` and `%` mean themselves. Where there is
 * no `pipeline.js` but a `pipeline.ts`, that one is meant: a program names one module, compiled or not.
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
      `The pipeline module is ${inspect(module)}; give a URL such as new URL('./pipeline.js', import.meta.url), or a path.`,
      { cause },
    )
  }
}

/** Whether tsx runs TypeScript in this thread: asked once, since it is registered for all imports that follow. */
let throughTsx: Promise<boolean> | undefined

/**
 * Imports a pipeline module. TypeScript goes through tsx where it is installed beside Millrace, so that it means the same on
 * every Node, and otherwise through Node itself (from 22.18 on). Node only strips types: it finds no `.ts` file for an
 * import that ends in `.js`, and knows no enums.
 */
export async function importPipelineModule(url: string): Promise<Record<string, unknown>> {
  const typed = TYPESCRIPT.test(new URL(url).pathname)
  const stripped = typed && !(await (throughTsx ??= registerTsx(url)))
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (cause) {
    const place = syntaxErrorPlace(cause, url)
    const hint = stripped ? ' (Node only strips types: with tsx installed, npm i tsx, all TypeScript runs)' : ''
    const why = `${messageOf(cause)}${place ? ` at ${place}` : ''}${hint}${advice(cause)}`
    throw new PipelineError(`The pipeline module ${url} cannot be loaded: ${why}`, { cause, details: { url, place } })
  }
}

/** Code at the top of a pipeline module runs in several threads, which is wrong for what can exist only once. */
export function advice(cause: unknown): string {
  if ((cause as NodeJS.ErrnoException | undefined)?.code !== 'EADDRINUSE') return ''
  return (
    '. The driver and every worker thread import a pipeline module, so each would open the port. ' +
    'Open it in the program that starts the pipeline'
  )
}

/** Answers with false where tsx cannot be had and Node runs TypeScript itself. */
async function registerTsx(url: string): Promise<boolean> {
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
      : `and tsx, which is installed, cannot be loaded: ${String(cause)}. Mend or remove it,`
    throw new PipelineError(`The pipeline module ${url} is TypeScript, ${why} or compile the module to JavaScript.`, {
      cause,
      details: { url },
    })
  }
}
