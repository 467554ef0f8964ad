import { existsSync } from 'node:fs'
import { PackageError } from '../errors.js'
import { PACKAGE_ROOT } from '../package-root.js'

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
