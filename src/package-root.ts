import { PackageError } from './errors.js'

/**
 * The folder that holds the package's files: worker entries, the kernels, modules of child processes. Found from here,
 * as a module's own place is lost when modules are bundled.
 */
export const PACKAGE_ROOT = rootOf(import.meta.url)

/** A bundler that makes CommonJS leaves no URL. */
function rootOf(url: string | undefined): URL {
  if (url === undefined) throw new PackageError('this module has no URL')
  return new URL('.', url)
}
