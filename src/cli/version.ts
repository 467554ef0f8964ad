import { readFileSync } from 'node:fs'
import { PACKAGE_ROOT } from '../package-root.js'

/** The version of the package, from its package.json. */
export function version(): string {
  const file = readFileSync(new URL('../package.json', PACKAGE_ROOT), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}
