// Runs in Node's thread for hooks, on a Node without registerHooks.
import type { MessagePort } from 'node:worker_threads'
import { type Context, importedUrl, missingUrl } from './imported-url.js'

let report: MessagePort | undefined

export function initialize({ port }: { readonly port: MessagePort }): void {
  report = port
}

export async function resolve<R extends { readonly url: string }>(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Promise<R>,
): Promise<R> {
  try {
    const resolved = await next(specifier, context)
    post(importedUrl(resolved.url))
    return resolved
  } catch (error) {
    post(missingUrl(specifier, context))
    throw error
  }
}

function post(url: string | undefined): void {
  if (url !== undefined) report?.postMessage(url)
}
