import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PipelineError } from '../errors.js'

const TYPESCRIPT = /\.[cm]?tsx?$/

/** The URL of a pipeline module. A text without a scheme is a path, in which `#`, `?` and `%` mean themselves. */
export function pipelineUrl(module: URL | string): string {
  if (typeof module !== 'string') return String(module)
  return /^[a-z][a-z\d+.-]+:/i.test(module) ? module : pathToFileURL(resolve(module)).href
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
    const why = cause instanceof Error ? cause.message : String(cause)
    const hint = stripped ? ' (Node only strips types: with tsx installed, npm i tsx, all TypeScript runs)' : ''
    throw new PipelineError(`The pipeline module ${url} cannot be loaded: ${why}${hint}`, { cause, details: { url } })
  }
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
