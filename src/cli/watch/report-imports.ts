import nodeModule, { register } from 'node:module'
import { MessageChannel } from 'node:worker_threads'
import { PACKAGE_ROOT } from '../../package-root.js'
import { type Context, importedUrl, missingUrl } from './imported-url.js'

/** Node's hooks in the thread that imports: from Node 22.15 on. */
interface HookedModule {
  registerHooks?(hooks: {
    resolve(
      specifier: string,
      context: Context,
      next: (specifier: string, context: Context) => { url: string },
    ): unknown
  }): unknown
}

/** Calls `report` with the URL of each file that this process imports from now on, or would import if it existed. */
export function reportImports(report: (url: string) => void): void {
  const { registerHooks } = nodeModule as HookedModule
  if (registerHooks) {
    registerHooks({
      resolve(specifier, context, next) {
        try {
          const resolved = next(specifier, context)
          const url = importedUrl(resolved.url)
          if (url) report(url)
          return resolved
        } catch (error) {
          const url = missingUrl(specifier, context)
          if (url) report(url)
          throw error
        }
      },
    })
    return
  }
  const { port1, port2 } = new MessageChannel()
  port1.on('message', report)
  port1.unref()
  register(new URL('cli/watch/resolve-hooks.js', PACKAGE_ROOT), { data: { port: port2 }, transferList: [port2] })
}
