import { PackageError } from './errors.js'

/**
 * The directory with the package's files: worker entries, kernels, modules of child processes. Determined here, because
 * a bundler changes the location of a module.
 */
export const PACKAGE_ROOT = rootOf(import.meta.url)

/** A bundler that generates CommonJS leaves no URL. */
function rootOf(url: string | undefined): URL {
  if (url === undefined) throw new PackageError('this module has no URL')
  return new URL('.', url)
}
