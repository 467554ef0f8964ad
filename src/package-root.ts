import { existsSync } from 'node:fs'
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

const FILES = ['pool/worker/bootstrap.cjs', 'pool/worker/entry.js', 'engine/driver-thread/entry.js']

/**
 * Checks that the files that threads load are beside the package's code. A bundler may have moved the code away from
 * them.
 * @throws PackageError if one is missing.
 */
export function checkPackageFiles(): void {
  for (const file of FILES) {
    const url = new URL(file, PACKAGE_ROOT)
    if (!existsSync(url)) throw new PackageError(`${url.pathname} does not exist`, { file: url.pathname })
  }
}
