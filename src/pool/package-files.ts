import { existsSync } from 'node:fs'
import { PackageError } from '../errors.js'
import { PACKAGE_ROOT } from '../package-root.js'

const FILES = ['pool/worker/bootstrap.cjs', 'pool/worker/entry.js', 'engine/driver-thread/entry.js']

/**
 * Checks that the files which threads load lie beside the package's code, as they do unless it was bundled.
 * @throws PackageError
 */
export function checkPackageFiles(): void {
  for (const file of FILES) {
    const url = new URL(file, PACKAGE_ROOT)
    if (!existsSync(url)) throw new PackageError(`${url.pathname} is not there`, { file: url.pathname })
  }
}
